-- Every import that was carried out, and what each line changed, so that the last one can be taken back.
CREATE TABLE import_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sites', 'staff', 'history')),
    file_name TEXT NOT NULL,
    file_digest TEXT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    imported_at TIMESTAMP NOT NULL,
    imported_by BIGINT REFERENCES person (id),
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES person (id)
);

CREATE TABLE import_change (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES import_run (id),
    line BIGINT NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('site', 'person', 'assignment')),
    entity_id BIGINT NOT NULL,
    -- The row as it was before, as JSON; nothing where the import added it.
    before TEXT
);
CREATE INDEX import_change_run ON import_change (run_id);
