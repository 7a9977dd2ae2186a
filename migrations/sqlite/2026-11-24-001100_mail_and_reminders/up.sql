-- Mail that waits to be handed over, and the ledger that makes a second reminder impossible.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    person_id BIGINT REFERENCES person (id),
    recipient TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('zh-CN', 'en')),
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    next_try_at TIMESTAMP NOT NULL,
    tries BIGINT NOT NULL,
    last_error TEXT,
    leased_until TIMESTAMP,
    sent_at TIMESTAMP,
    parked_at TIMESTAMP
);
CREATE INDEX outbox_waiting ON outbox (next_try_at) WHERE sent_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_person ON outbox (person_id);

CREATE TABLE reminder (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    rule TEXT NOT NULL,
    recipient_id BIGINT NOT NULL REFERENCES person (id),
    subject_kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    due_on DATE NOT NULL,
    days_before BIGINT NOT NULL,
    planned_at TIMESTAMP NOT NULL,
    outbox_id BIGINT REFERENCES outbox (id),
    UNIQUE (rule, recipient_id, subject_kind, subject_id, due_on, days_before)
);

-- Work that must happen once is done by whoever holds its lease.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_at TIMESTAMP NOT NULL,
    last_run_at TIMESTAMP,
    last_result TEXT
);
