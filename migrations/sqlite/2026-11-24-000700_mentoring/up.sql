-- A master and an apprentice for a term, and the apprentice's logbook with each signature.
CREATE TABLE pairing (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    mentor_id BIGINT NOT NULL REFERENCES person (id),
    apprentice_id BIGINT NOT NULL REFERENCES person (id),
    ladder TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    goal TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    agreed_at TIMESTAMP NOT NULL,
    agreed_by BIGINT NOT NULL REFERENCES person (id),
    -- The verdict by which the pairing was allowed.
    verdict TEXT NOT NULL,
    ended_on DATE,
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES person (id),
    outcome TEXT CHECK (outcome IN ('completed', 'broken-off')),
    ended_why TEXT,
    CHECK (mentor_id <> apprentice_id),
    CHECK (ends_on >= starts_on),
    CHECK ((ended_on IS NULL) = (outcome IS NULL))
);
CREATE INDEX pairing_mentor ON pairing (mentor_id);
CREATE UNIQUE INDEX pairing_apprentice_open ON pairing (apprentice_id, ladder) WHERE ended_on IS NULL;

CREATE TABLE pairing_goal (
    pairing_id BIGINT NOT NULL REFERENCES pairing (id),
    task TEXT NOT NULL,
    target BIGINT NOT NULL CHECK (target > 0),
    PRIMARY KEY (pairing_id, task)
);

CREATE TABLE logbook_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    pairing_id BIGINT NOT NULL REFERENCES pairing (id),
    -- The phone names the entry, so that a form sent twice is one entry.
    entry_key TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX logbook_entry_pairing ON logbook_entry (pairing_id);

CREATE TABLE logbook_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    entry_id BIGINT NOT NULL REFERENCES logbook_entry (id),
    version BIGINT NOT NULL,
    task TEXT NOT NULL,
    done_on DATE NOT NULL,
    times BIGINT NOT NULL CHECK (times BETWEEN 1 AND 50),
    work_order TEXT NOT NULL,
    note TEXT NOT NULL,
    written_at TIMESTAMP NOT NULL,
    UNIQUE (entry_id, version)
);

CREATE TABLE logbook_review (
    version_id BIGINT NOT NULL PRIMARY KEY REFERENCES logbook_version (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('signed', 'returned')),
    reason TEXT,
    reviewed_at TIMESTAMP NOT NULL,
    reviewed_by BIGINT NOT NULL REFERENCES person (id),
    fact_id BIGINT REFERENCES fact (id),
    CHECK (outcome <> 'returned' OR reason IS NOT NULL)
);
