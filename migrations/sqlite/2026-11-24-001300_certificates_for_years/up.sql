-- Certificates and reminders that hold for years: the life of a certificate, its proofs, rules of reminders.

-- The look of the paper, in versions: what was issued under one keeps it.
CREATE TABLE certificate_template (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- The certification it is for; null: for all that have none of their own.
    certification TEXT,
    -- Its texts, colours and places, as JSON.
    body TEXT NOT NULL,
    drafted_at TIMESTAMP NOT NULL,
    drafted_by BIGINT REFERENCES person (id),
    published_at TIMESTAMP,
    published_by BIGINT REFERENCES person (id),
    UNIQUE (code, version)
);

-- Old certificates taken over from a file, which is kept as it came.
CREATE TABLE certificate_import (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    file_name TEXT NOT NULL,
    file BLOB NOT NULL,
    digest TEXT NOT NULL,
    added BIGINT NOT NULL,
    imported_at TIMESTAMP NOT NULL,
    imported_by BIGINT NOT NULL REFERENCES person (id),
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES person (id),
    undo_reason TEXT
);

-- The record learns of trainees under supervision. Only the check on its kinds grows, so the
-- table, which may be very large, is not copied: its words are changed as SQLite documents it.
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '''absence'', ''void''', '''absence'', ''supervision'', ''void''') WHERE type = 'table' AND name = 'fact';
PRAGMA writable_schema = RESET;

-- Certificates learn how they came about, and may be replaced on the day of their issue.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE certificate_before AS SELECT * FROM certificate;
DROP TABLE certificate;
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
    -- 0 for a first issue, n for the n-th renewal.
    cycle BIGINT NOT NULL DEFAULT 0,
    basis TEXT NOT NULL DEFAULT 'rule' CHECK (basis IN ('rule', 'decision', 'import', 'replacement')),
    -- Of an imported one: who issued it, under which number.
    issuer TEXT,
    foreign_number TEXT,
    -- The one it renews or replaces.
    previous_id BIGINT REFERENCES certificate (id),
    -- Why it was issued, where somebody decided it.
    why TEXT,
    template_id BIGINT REFERENCES certificate_template (id),
    -- The file it was taken over from.
    import_id BIGINT REFERENCES certificate_import (id),
    -- Its place in the feed of changes. Here one writes after the other, so the id alone tells it.
    written BIGINT NOT NULL DEFAULT 0,
    CHECK (valid_through IS NULL OR valid_through >= valid_from)
);
INSERT INTO certificate (id, person_id, certification, content_id, number, check_code, issued_on, valid_from, valid_through, printed, verdict, issued_at, issued_by, fact_id)
SELECT id, person_id, certification, content_id, number, check_code, issued_on, valid_from, valid_through, printed, verdict, issued_at, issued_by, fact_id FROM certificate_before;
DROP TABLE certificate_before;
CREATE INDEX certificate_expiry ON certificate (valid_through);
CREATE INDEX certificate_person ON certificate (person_id);
CREATE INDEX certificate_written ON certificate (written, id);
CREATE INDEX certificate_import_id ON certificate (import_id);
CREATE UNIQUE INDEX certificate_once ON certificate (person_id, certification, issued_on) WHERE basis = 'rule';

-- Files that belong to certificates, kept as they were with their SHA-256: the paper as issued, a
-- letter, the scan of an old certificate, evidence of an act, a picture of a template.
CREATE TABLE certificate_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    certificate_id BIGINT REFERENCES certificate (id),
    kind TEXT NOT NULL CHECK (kind IN ('paper', 'letter', 'source', 'evidence', 'picture')),
    language TEXT CHECK (language IN ('zh-CN', 'en')),
    -- Of a paper: a further one is made where the code on it leads nowhere any more.
    edition BIGINT NOT NULL DEFAULT 1,
    -- Of a paper: the key that signed the statement in its code (null: the code has the address of
    -- the public check), and the address of this installation the code leads to.
    kid TEXT,
    base_url TEXT,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    digest TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT REFERENCES person (id)
);
CREATE INDEX certificate_file_certificate ON certificate_file (certificate_id);
CREATE UNIQUE INDEX certificate_file_paper ON certificate_file (certificate_id, language, edition) WHERE kind = 'paper';

-- Every certificate that ended within a range was extended by one decision (R22).
CREATE TABLE extension_campaign (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- Null: of every certification.
    certification TEXT,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    months BIGINT NOT NULL,
    days BIGINT NOT NULL,
    why TEXT NOT NULL,
    evidence TEXT,
    file_id BIGINT REFERENCES certificate_file (id),
    decided_at TIMESTAMP NOT NULL,
    decided_by BIGINT NOT NULL REFERENCES person (id),
    CHECK (last_on >= first_on)
);

-- More acts, with their evidence; a rule may act too, then nobody did it.
CREATE TABLE certificate_act_before AS SELECT * FROM certificate_act;
DROP TABLE certificate_act;
CREATE TABLE certificate_act (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    certificate_id BIGINT NOT NULL REFERENCES certificate (id),
    act TEXT NOT NULL CHECK (act IN ('suspended', 'reinstated', 'revoked', 'extended', 'replaced', 'superseded')),
    on_day DATE NOT NULL,
    why TEXT NOT NULL,
    done_at TIMESTAMP NOT NULL,
    done_by BIGINT REFERENCES person (id),
    -- The new last valid day of an extension.
    through_on DATE,
    -- The certificate that took its place.
    other_id BIGINT REFERENCES certificate (id),
    evidence TEXT,
    file_id BIGINT REFERENCES certificate_file (id),
    campaign_id BIGINT REFERENCES extension_campaign (id),
    -- Its place in the feed of changes, as that of a certificate.
    written BIGINT NOT NULL DEFAULT 0
);
INSERT INTO certificate_act (id, certificate_id, act, on_day, why, done_at, done_by)
SELECT id, certificate_id, act, on_day, why, done_at, done_by FROM certificate_act_before;
DROP TABLE certificate_act_before;
CREATE INDEX certificate_act_certificate ON certificate_act (certificate_id);
CREATE INDEX certificate_act_written ON certificate_act (written, id);

-- Keys we sign with; the private half is sealed by the secret of this installation.
CREATE TABLE signing_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kid TEXT NOT NULL UNIQUE,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('ed25519', 'rs256')),
    public_key BLOB NOT NULL,
    private_key BLOB NOT NULL,
    made_at TIMESTAMP NOT NULL,
    -- It signs nothing from then on; what it signed stays valid.
    retired_at TIMESTAMP,
    -- It got out: nothing it signed is to be believed.
    revoked_at TIMESTAMP,
    why TEXT
);

-- The Open Badges credential of a certificate, as it was signed. An extension or a revoked key
-- makes another edition; the last one counts.
CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    certificate_id BIGINT NOT NULL REFERENCES certificate (id),
    edition BIGINT NOT NULL,
    -- The last valid day it tells.
    through_on DATE,
    -- With a proof inside, and the key of that proof.
    document TEXT NOT NULL,
    kid TEXT NOT NULL,
    -- As a token, and the key that signed it.
    jwt TEXT NOT NULL,
    jwt_kid TEXT NOT NULL,
    -- SHA-256 of the document.
    digest TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    UNIQUE (certificate_id, edition)
);

-- What auditors were told: held or not held on a day, as known at an instant.
CREATE TABLE extract (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    number TEXT NOT NULL UNIQUE,
    check_code TEXT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    certification TEXT NOT NULL,
    on_day DATE NOT NULL,
    known_at TIMESTAMP,
    -- The JSON exactly as it was signed, and the signature with the body in it.
    body TEXT NOT NULL,
    jws TEXT NOT NULL,
    paper BLOB,
    digest TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    -- Null: made on the command line.
    made_by BIGINT REFERENCES person (id)
);
CREATE INDEX extract_person ON extract (person_id);

-- A trainee who may do what needs a certificate, supervised by a named holder, for a time (R10).
CREATE TABLE supervision (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    supervisor_id BIGINT NOT NULL REFERENCES person (id),
    certification TEXT NOT NULL,
    from_on DATE NOT NULL,
    through_on DATE NOT NULL,
    fact_id BIGINT NOT NULL REFERENCES fact (id),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES person (id),
    ended_on DATE,
    ended_by BIGINT REFERENCES person (id),
    ended_why TEXT,
    CHECK (through_on >= from_on)
);
CREATE INDEX supervision_person ON supervision (person_id);
CREATE INDEX supervision_supervisor ON supervision (supervisor_id);

-- A change of a rule set that is tried out before it is published.
CREATE TABLE rule_draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    rule_set TEXT NOT NULL,
    base_content_id BIGINT NOT NULL REFERENCES content (id),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    drafted_at TIMESTAMP NOT NULL,
    drafted_by BIGINT NOT NULL REFERENCES person (id),
    changed_at TIMESTAMP NOT NULL,
    changed_by BIGINT NOT NULL REFERENCES person (id),
    withdrawn_at TIMESTAMP,
    withdrawn_by BIGINT REFERENCES person (id),
    published_at TIMESTAMP,
    published_by BIGINT REFERENCES person (id),
    why TEXT,
    -- From this day the published version is in force.
    effective_on DATE,
    content_id BIGINT REFERENCES content (id)
);
CREATE INDEX rule_draft_set ON rule_draft (rule_set);
-- A rule set comes from its file, or from a draft that was published here.
ALTER TABLE content ADD COLUMN origin TEXT NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'published'));
-- Of a published one: the first day on which it is in force.
ALTER TABLE content ADD COLUMN effective_on DATE;

-- What other systems sign in with.
CREATE TABLE api_token (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    title TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    -- They see this site and what lies below it.
    site_id BIGINT NOT NULL REFERENCES site (id),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES person (id),
    expires_on DATE NOT NULL,
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES person (id),
    last_used_at TIMESTAMP
);

-- What happened to an appointment within its term: it was reviewed, or ended before its last day (R25).
CREATE TABLE appointment_act (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- The grade as it was given.
    fact_id BIGINT NOT NULL REFERENCES fact (id),
    act TEXT NOT NULL CHECK (act IN ('reviewed', 'ended')),
    -- The day of a review; the last day of an appointment that ended early.
    on_day DATE NOT NULL,
    why TEXT NOT NULL,
    done_at TIMESTAMP NOT NULL,
    done_by BIGINT NOT NULL REFERENCES person (id),
    -- What is left of the grade after an early end; null when it had not begun.
    left_fact_id BIGINT REFERENCES fact (id)
);
CREATE INDEX appointment_act_fact ON appointment_act (fact_id);
CREATE UNIQUE INDEX appointment_act_once ON appointment_act (fact_id) WHERE act = 'ended';
CREATE INDEX appointment_act_left ON appointment_act (left_fact_id);

-- A result at a competition that raised a grade; each result is used once (R26).
CREATE TABLE competition_raise (
    fact_id BIGINT NOT NULL PRIMARY KEY REFERENCES fact (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    competition TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    -- The calendar year of the result, for the yearly limit.
    year BIGINT NOT NULL,
    grade_fact_id BIGINT NOT NULL REFERENCES fact (id),
    effective_on DATE NOT NULL,
    reason TEXT NOT NULL,
    verdict TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    decided_by BIGINT NOT NULL REFERENCES person (id)
);
CREATE INDEX competition_raise_person ON competition_raise (person_id);

-- A message on the start page, for those without mail and those who do not read it.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    -- Where it leads.
    path TEXT,
    created_at TIMESTAMP NOT NULL,
    read_at TIMESTAMP
);
CREATE INDEX notice_person ON notice (person_id, read_at);

-- Several reminders may go out in one mail; each keeps its row here.
ALTER TABLE reminder ADD COLUMN notice_id BIGINT REFERENCES notice (id);
-- Why no mail was written: muted, or a later step took its place.
ALTER TABLE reminder ADD COLUMN withheld TEXT;
-- Whom it was about and what, as it was called then.
ALTER TABLE reminder ADD COLUMN about_id BIGINT REFERENCES person (id);
ALTER TABLE reminder ADD COLUMN said TEXT;
CREATE INDEX reminder_due ON reminder (rule, due_on);
CREATE INDEX reminder_recipient ON reminder (recipient_id);
CREATE INDEX reminder_about ON reminder (about_id);
CREATE INDEX reminder_subject ON reminder (subject_kind, subject_id);
CREATE INDEX reminder_planned ON reminder (planned_at);
CREATE INDEX reminder_outbox ON reminder (outbox_id) WHERE outbox_id IS NOT NULL;

-- One digest a day for each person: whoever comes second finds the day taken.
CREATE TABLE reminder_digest (
    recipient_id BIGINT NOT NULL REFERENCES person (id),
    on_day DATE NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (recipient_id, on_day)
);

-- What falls due when, for reminders.
CREATE INDEX enrolment_due ON enrolment (due_on) WHERE due_on IS NOT NULL;
CREATE INDEX sitting_opens ON sitting (opens_at);
CREATE INDEX attempt_result_released ON attempt_result (released_at) WHERE released_at IS NOT NULL AND superseded_at IS NULL;
CREATE INDEX logbook_version_written ON logbook_version (written_at);
CREATE INDEX candidacy_waiting ON candidacy (applied_at) WHERE closed_at IS NULL;

-- A rule of reminders as an administrator changed it; the highest version counts.
CREATE TABLE reminder_rule (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    changed_by BIGINT NOT NULL REFERENCES person (id),
    UNIQUE (code, version)
);

-- Reminders somebody need not get: all, of one rule, or about one thing.
CREATE TABLE reminder_mute (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    recipient_id BIGINT REFERENCES person (id),
    rule TEXT,
    subject_kind TEXT,
    subject_id BIGINT,
    from_on DATE NOT NULL,
    through_on DATE NOT NULL,
    why TEXT NOT NULL,
    muted_at TIMESTAMP NOT NULL,
    muted_by BIGINT NOT NULL REFERENCES person (id),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES person (id)
);
CREATE INDEX reminder_mute_recipient ON reminder_mute (recipient_id);

-- How a person wants to be written to.
CREATE TABLE mail_choice (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    -- Null: as the rules say.
    rhythm TEXT CHECK (rhythm IN ('each', 'daily', 'weekly')),
    -- The rules they opted out of, where those allow it, as a JSON list.
    opted_out TEXT NOT NULL,
    -- What the address in List-Unsubscribe carries.
    secret TEXT NOT NULL UNIQUE,
    changed_at TIMESTAMP NOT NULL
);

-- When a site wants no mail, and on which days it works; sites below follow it.
CREATE TABLE site_hours (
    site_id BIGINT NOT NULL PRIMARY KEY REFERENCES site (id),
    -- Minutes after midnight at the site.
    quiet_from BIGINT NOT NULL,
    quiet_until BIGINT NOT NULL,
    -- Seven letters from Monday on, 1 for a day of work.
    workdays TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    changed_by BIGINT NOT NULL REFERENCES person (id)
);

-- Days on which it is otherwise: a holiday, or work on a Sunday.
CREATE TABLE site_day (
    site_id BIGINT NOT NULL REFERENCES site (id),
    on_day DATE NOT NULL,
    works BOOLEAN NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (site_id, on_day)
);

-- A due day in people's calendars: it keeps its UID, and its sequence grows when it moves.
CREATE TABLE calendar_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    uid TEXT NOT NULL UNIQUE,
    subject_kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    on_day DATE NOT NULL,
    sent_at TIMESTAMP NOT NULL,
    cancelled_at TIMESTAMP,
    UNIQUE (person_id, subject_kind, subject_id)
);

-- The secret address of a person's calendar.
CREATE TABLE calendar_feed (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    digest TEXT NOT NULL UNIQUE,
    made_at TIMESTAMP NOT NULL,
    last_read_at TIMESTAMP
);

-- Where a recipient who may opt out of this kind of mail can do so.
ALTER TABLE outbox ADD COLUMN unsubscribe TEXT;
-- When its text last went to the server, as long as no answer is known.
ALTER TABLE outbox ADD COLUMN handed_at TIMESTAMP;
CREATE INDEX outbox_open ON outbox (id) WHERE sent_at IS NULL;

-- Times in which the mail server took nothing from anybody: no mail's fault, so all of them wait.
CREATE TABLE mail_pause (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    began_at TIMESTAMP NOT NULL,
    until_at TIMESTAMP NOT NULL,
    failures BIGINT NOT NULL,
    why TEXT NOT NULL,
    ended_at TIMESTAMP
);
CREATE INDEX mail_pause_open ON mail_pause (id) WHERE ended_at IS NULL;

-- Whose exams have another result now: certificates may rest on what is void.
CREATE INDEX fact_voided ON fact (kind, source_kind, person_id) WHERE voided_at IS NOT NULL;
