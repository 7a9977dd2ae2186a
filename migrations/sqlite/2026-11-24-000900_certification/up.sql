-- Certificates as they were issued, and every act on them since.
CREATE TABLE certificate (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    certification TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    number TEXT NOT NULL UNIQUE,
    check_code TEXT NOT NULL,
    issued_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    valid_through DATE,
    -- What was printed, as JSON: later names and templates do not alter it.
    printed TEXT NOT NULL,
    verdict TEXT NOT NULL,
    issued_at TIMESTAMP NOT NULL,
    issued_by BIGINT REFERENCES person (id),
    -- Each names the other, so this is checked at commit.
    fact_id BIGINT NOT NULL REFERENCES fact (id) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (person_id, certification, issued_on),
    CHECK (valid_through IS NULL OR valid_through >= valid_from)
);
CREATE INDEX certificate_expiry ON certificate (valid_through);

CREATE TABLE certificate_act (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    certificate_id BIGINT NOT NULL REFERENCES certificate (id),
    act TEXT NOT NULL CHECK (act IN ('suspended', 'reinstated', 'revoked')),
    on_day DATE NOT NULL,
    why TEXT NOT NULL,
    done_at TIMESTAMP NOT NULL,
    done_by BIGINT NOT NULL REFERENCES person (id)
);
CREATE INDEX certificate_act_certificate ON certificate_act (certificate_id);

CREATE TABLE certificate_series (
    series TEXT NOT NULL PRIMARY KEY,
    last_serial BIGINT NOT NULL
);
