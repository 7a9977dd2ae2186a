-- Takes the body of a mail back to its state.
ALTER TABLE outbox ADD COLUMN body_text TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN body_html TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN calendar TEXT;
UPDATE outbox SET
    body_text = (SELECT plain FROM outbox_body WHERE outbox_id = id),
    body_html = (SELECT html FROM outbox_body WHERE outbox_id = id),
    calendar = (SELECT calendar FROM outbox_body WHERE outbox_id = id);
DROP TABLE outbox_body;
