-- The record: an append-only ledger of dated facts, one hash chain a person.
CREATE TABLE fact (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    seq BIGINT NOT NULL,
    -- `void` is the ledger's own word: such a row voids the fact whose id is its code.
    kind TEXT NOT NULL CHECK (kind IN ('employment', 'position', 'education', 'birth', 'health', 'course', 'exam', 'certificate', 'grade', 'mentor', 'apprentice', 'logbook', 'skill', 'kpi', 'award', 'competition', 'incident', 'absence', 'void')),
    code TEXT NOT NULL,
    level TEXT,
    amount_numerator BIGINT,
    amount_denominator BIGINT CHECK (amount_denominator > 0),
    unit TEXT,
    from_on DATE NOT NULL,
    through_on DATE,
    issuer TEXT,
    number TEXT,
    note TEXT,
    source_kind TEXT NOT NULL,
    source_id BIGINT NOT NULL,
    source_line BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT REFERENCES person (id),
    voided_at TIMESTAMP,
    voided_by BIGINT REFERENCES person (id),
    void_reason TEXT,
    -- What the fact says, and that chained to the fact before it.
    digest BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (person_id, seq),
    CHECK (through_on IS NULL OR through_on >= from_on),
    CHECK ((amount_numerator IS NULL) = (amount_denominator IS NULL)),
    CHECK ((voided_at IS NULL) = (void_reason IS NULL))
);
CREATE INDEX fact_person_kind ON fact (person_id, kind, code);
CREATE INDEX fact_kind_code ON fact (kind, code, from_on);
-- What runs out when.
CREATE INDEX fact_kind_through ON fact (kind, through_on);
-- One source says a thing once: a double click or a second worker cannot record it twice.
CREATE UNIQUE INDEX fact_source ON fact (source_kind, source_id, source_line, kind, code) WHERE voided_at IS NULL;

CREATE TABLE record_head (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    seq BIGINT NOT NULL,
    hash BLOB NOT NULL
);
