-- Who may sign in, from where they are signed in, and which role reaches which part of the tree.
CREATE TABLE account (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    password_hash TEXT,
    password_set_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    disabled_at TIMESTAMP
);

CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    person_id BIGINT NOT NULL REFERENCES person (id),
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    address TEXT NOT NULL,
    device TEXT NOT NULL
);
CREATE INDEX session_person ON session (person_id, ended_at);

-- A browser somebody has signed in from before is not held up by strangers guessing at the account.
CREATE TABLE known_device (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    token_hash BLOB NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    created_at TIMESTAMP NOT NULL,
    UNIQUE (token_hash, person_id)
);

CREATE TABLE one_time_link (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('first-administrator', 'set-password')),
    token_hash BLOB NOT NULL UNIQUE,
    person_id BIGINT REFERENCES person (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    CHECK ((purpose = 'first-administrator') = (person_id IS NULL))
);

CREATE TABLE sign_in_attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT REFERENCES person (id),
    address TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    succeeded BOOLEAN NOT NULL
);
CREATE INDEX sign_in_attempt_person ON sign_in_attempt (person_id, at);
CREATE INDEX sign_in_attempt_address ON sign_in_attempt (address, at);

CREATE TABLE role_grant (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    role TEXT NOT NULL CHECK (role IN ('mentor', 'trainer', 'examiner', 'manager', 'hr', 'administrator')),
    site_id BIGINT NOT NULL REFERENCES site (id),
    starts_on DATE NOT NULL,
    ends_on DATE,
    granted_at TIMESTAMP NOT NULL,
    granted_by BIGINT REFERENCES person (id),
    CHECK (ends_on IS NULL OR ends_on >= starts_on)
);
CREATE INDEX role_grant_person ON role_grant (person_id);
CREATE INDEX role_grant_site ON role_grant (site_id);

-- Who changed what. Rows are only ever added.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at TIMESTAMP NOT NULL,
    by_person BIGINT REFERENCES person (id),
    act TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BIGINT,
    detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject_kind, subject_id);

-- What a form answered the first time, so that a double click gets the same answer and changes nothing.
CREATE TABLE form_receipt (
    form_key TEXT NOT NULL PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person (id),
    received_at TIMESTAMP NOT NULL,
    location TEXT NOT NULL
);
