-- What is taught and by which rules: every version of every file of course-content that was ever loaded.
CREATE TABLE content (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('rule-set', 'course', 'question-bank')),
    code TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    loaded_at TIMESTAMP NOT NULL,
    UNIQUE (kind, code, revision)
);

CREATE TABLE content_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    path TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (content_id, path)
);
