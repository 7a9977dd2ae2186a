-- The record keeps what was recorded: its list of kinds stays the longer one.
DROP INDEX fact_voided;
DROP TABLE mail_pause;
DROP INDEX outbox_open;
ALTER TABLE outbox DROP COLUMN handed_at;
ALTER TABLE outbox DROP COLUMN unsubscribe;
DROP TABLE calendar_feed;
DROP TABLE calendar_entry;
DROP TABLE site_day;
DROP TABLE site_hours;
DROP TABLE mail_choice;
DROP TABLE reminder_mute;
DROP TABLE reminder_rule;
DROP INDEX candidacy_waiting;
DROP INDEX logbook_version_written;
DROP INDEX attempt_result_released;
DROP INDEX sitting_opens;
DROP INDEX enrolment_due;
DROP TABLE reminder_digest;
DROP INDEX reminder_outbox;
DROP INDEX reminder_planned;
DROP INDEX reminder_subject;
DROP INDEX reminder_about;
DROP INDEX reminder_due;
DROP INDEX reminder_recipient;
ALTER TABLE reminder DROP COLUMN said;
ALTER TABLE reminder DROP COLUMN about_id;
ALTER TABLE reminder DROP COLUMN withheld;
ALTER TABLE reminder DROP COLUMN notice_id;
DROP TABLE notice;
DROP TABLE competition_raise;
DROP TABLE appointment_act;
DROP TABLE api_token;
DROP TABLE rule_draft;
ALTER TABLE content DROP COLUMN effective_on;
ALTER TABLE content DROP COLUMN origin;
DROP TABLE supervision;
DROP TABLE extract;
DROP TABLE credential;
DROP TABLE signing_key;
PRAGMA defer_foreign_keys = ON;
CREATE TABLE certificate_act_after AS SELECT * FROM certificate_act WHERE act IN ('suspended', 'reinstated', 'revoked') AND done_by IS NOT NULL;
DROP TABLE certificate_act;
DROP TABLE extension_campaign;
DROP TABLE certificate_file;
CREATE TABLE certificate_after AS SELECT * FROM certificate;
DROP TABLE certificate;
DROP TABLE certificate_template;
DROP TABLE certificate_import;
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
    printed TEXT NOT NULL,
    verdict TEXT NOT NULL,
    issued_at TIMESTAMP NOT NULL,
    issued_by BIGINT REFERENCES person (id),
    fact_id BIGINT NOT NULL REFERENCES fact (id) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (person_id, certification, issued_on),
    CHECK (valid_through IS NULL OR valid_through >= valid_from)
);
INSERT INTO certificate (id, person_id, certification, content_id, number, check_code, issued_on, valid_from, valid_through, printed, verdict, issued_at, issued_by, fact_id)
SELECT id, person_id, certification, content_id, number, check_code, issued_on, valid_from, valid_through, printed, verdict, issued_at, issued_by, fact_id FROM certificate_after WHERE basis IN ('rule', 'decision');
DROP TABLE certificate_after;
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
INSERT INTO certificate_act (id, certificate_id, act, on_day, why, done_at, done_by)
SELECT id, certificate_id, act, on_day, why, done_at, done_by FROM certificate_act_after WHERE certificate_id IN (SELECT id FROM certificate);
DROP TABLE certificate_act_after;
CREATE INDEX certificate_act_certificate ON certificate_act (certificate_id);
