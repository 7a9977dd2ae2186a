-- The body of a mail beside its state: the state changes several times a mail, and with the body in
-- the same row all of it was written again each time.
CREATE TABLE outbox_body (
    outbox_id BIGINT PRIMARY KEY REFERENCES outbox (id),
    plain TEXT NOT NULL,
    html TEXT NOT NULL,
    -- What goes with it for the recipient's calendar.
    calendar TEXT
);
INSERT INTO outbox_body (outbox_id, plain, html, calendar)
    SELECT id, body_text, body_html, calendar FROM outbox;
ALTER TABLE outbox DROP COLUMN body_text;
ALTER TABLE outbox DROP COLUMN body_html;
ALTER TABLE outbox DROP COLUMN calendar;
