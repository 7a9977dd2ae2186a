-- The whole exam engine: the life of questions, blueprints, sittings, marking, practicals, appeals.

-- More kinds of questions: SQLite changes a CHECK only by making the table anew.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE question_version_before AS SELECT * FROM question_version;
DROP TABLE question_version;
CREATE TABLE question_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    question_id BIGINT NOT NULL REFERENCES question (id),
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('single', 'multiple', 'true-false', 'numeric', 'short', 'ordering', 'matching', 'hotspot', 'case', 'essay')),
    area TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('recall', 'apply', 'diagnose')),
    importance TEXT NOT NULL CHECK (importance IN ('X', 'Y', 'Z')),
    difficulty TEXT NOT NULL CHECK (difficulty IN ('easy', 'medium', 'hard')),
    body TEXT NOT NULL,
    digest TEXT NOT NULL,
    -- The places it takes on a paper, KIND:OPTIONS:POINTS each: `single:4:1`; `=4` keeps the author's order; a case has several.
    layout TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT REFERENCES person (id),
    UNIQUE (question_id, version)
);
INSERT INTO question_version (id, question_id, version, kind, area, level, importance, difficulty, body, digest, layout, created_at)
SELECT id, question_id, version, kind, area, level, importance, difficulty, body, digest,
    kind || ':' || coalesce(json_array_length(body, '$.options'), 0) || ':1', created_at FROM question_version_before;
DROP TABLE question_version_before;

-- Which stage of its life a version has reached, by whose hand: the last line counts.
CREATE TABLE question_stage (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    question_version_id BIGINT NOT NULL REFERENCES question_version (id),
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'reviewed', 'pilot', 'live', 'retired', 'compromised')),
    why TEXT,
    set_at TIMESTAMP NOT NULL,
    -- Nobody, when it came with a file of course-content.
    set_by BIGINT REFERENCES person (id)
);
CREATE INDEX question_stage_version ON question_stage (question_version_id);

-- Pictures of questions and photos of practical exams, kept once under their SHA-256.
CREATE TABLE exam_file (
    digest TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    added_at TIMESTAMP NOT NULL,
    added_by BIGINT REFERENCES person (id)
);

-- A file of questions that was taken in, and what it changed, so that it can be undone.
CREATE TABLE question_import (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    bank_id BIGINT NOT NULL REFERENCES question_bank (id),
    format TEXT NOT NULL,
    file_name TEXT NOT NULL,
    digest TEXT NOT NULL,
    report TEXT NOT NULL,
    imported_at TIMESTAMP NOT NULL,
    imported_by BIGINT REFERENCES person (id),
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES person (id)
);
CREATE INDEX question_import_bank ON question_import (bank_id);

CREATE TABLE question_import_change (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    import_id BIGINT NOT NULL REFERENCES question_import (id),
    line BIGINT NOT NULL,
    question_version_id BIGINT NOT NULL REFERENCES question_version (id),
    change TEXT NOT NULL CHECK (change IN ('added', 'changed'))
);
CREATE INDEX question_import_change_import ON question_import_change (import_id);

-- A table of specifications of an exam; the newest published version is drawn from.
CREATE TABLE blueprint (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    exam TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT REFERENCES person (id),
    published_at TIMESTAMP,
    published_by BIGINT REFERENCES person (id),
    UNIQUE (exam, version)
);

-- Judges set a cut score (modified Angoff) in two rounds.
CREATE TABLE standard_study (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    exam TEXT NOT NULL,
    title TEXT NOT NULL,
    -- The question versions that are judged, as a JSON list.
    questions TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT NOT NULL REFERENCES person (id),
    first_closed_at TIMESTAMP,
    closed_at TIMESTAMP,
    adopted_at TIMESTAMP,
    adopted_by BIGINT REFERENCES person (id),
    adopted_why TEXT,
    -- Hundredths of a point out of 100.
    cut BIGINT
);
CREATE INDEX standard_study_exam ON standard_study (exam);

CREATE TABLE standard_judge (
    study_id BIGINT NOT NULL REFERENCES standard_study (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    invited_at TIMESTAMP NOT NULL,
    invited_by BIGINT NOT NULL REFERENCES person (id),
    PRIMARY KEY (study_id, person_id)
);
CREATE INDEX standard_judge_person ON standard_judge (person_id);

CREATE TABLE standard_estimate (
    study_id BIGINT NOT NULL REFERENCES standard_study (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    round BIGINT NOT NULL CHECK (round IN (1, 2)),
    question_version_id BIGINT NOT NULL REFERENCES question_version (id),
    percent BIGINT NOT NULL CHECK (percent BETWEEN 0 AND 100),
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (study_id, person_id, round, question_version_id)
);
CREATE INDEX standard_estimate_version ON standard_estimate (question_version_id);

-- A planned sitting: where, when, how many, under which conditions.
CREATE TABLE sitting (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- Links and codes name it; counting ids would tell how many there are.
    code TEXT NOT NULL UNIQUE,
    exam TEXT NOT NULL,
    site_id BIGINT NOT NULL REFERENCES site (id),
    room TEXT NOT NULL,
    opens_at TIMESTAMP NOT NULL,
    -- The last moment to begin; everybody has their whole time from then.
    start_by TIMESTAMP NOT NULL,
    -- The last moment to hand in for everybody, where there is one.
    hand_in_by TIMESTAMP,
    seats BIGINT NOT NULL CHECK (seats > 0),
    register_from TIMESTAMP,
    register_by TIMESTAMP,
    entry_code TEXT,
    -- Networks in CIDR form, one a line.
    networks TEXT,
    release TEXT NOT NULL CHECK (release IN ('at-once', 'by-decision', 'at-time')),
    release_at TIMESTAMP,
    note TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT NOT NULL REFERENCES person (id),
    -- Counts changes of place and time, for calendars.
    sequence BIGINT NOT NULL,
    cancelled_at TIMESTAMP,
    cancelled_by BIGINT REFERENCES person (id),
    cancelled_why TEXT,
    closed_at TIMESTAMP,
    closed_by BIGINT REFERENCES person (id),
    CHECK (start_by >= opens_at),
    CHECK (hand_in_by IS NULL OR hand_in_by > start_by),
    CHECK (release <> 'at-time' OR release_at IS NOT NULL)
);
CREATE INDEX sitting_exam ON sitting (exam, opens_at);
CREATE INDEX sitting_site ON sitting (site_id, opens_at);

CREATE TABLE sitting_invigilator (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sitting_id BIGINT NOT NULL REFERENCES sitting (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    assigned_at TIMESTAMP NOT NULL,
    assigned_by BIGINT NOT NULL REFERENCES person (id),
    removed_at TIMESTAMP
);
CREATE UNIQUE INDEX sitting_invigilator_once ON sitting_invigilator (sitting_id, person_id) WHERE removed_at IS NULL;
CREATE INDEX sitting_invigilator_person ON sitting_invigilator (person_id);

CREATE TABLE registration (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sitting_id BIGINT NOT NULL REFERENCES sitting (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    registered_at TIMESTAMP NOT NULL,
    registered_by BIGINT NOT NULL REFERENCES person (id),
    -- Why they may sit it, as it was judged then.
    verdict TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    withdrawn_at TIMESTAMP,
    withdrawn_by BIGINT REFERENCES person (id),
    withdrawn_why TEXT,
    attendance TEXT CHECK (attendance IN ('present', 'absent', 'excused', 'refused')),
    attendance_at TIMESTAMP,
    attendance_by BIGINT REFERENCES person (id),
    attendance_note TEXT
);
CREATE UNIQUE INDEX registration_once ON registration (sitting_id, person_id) WHERE withdrawn_at IS NULL;
CREATE INDEX registration_person ON registration (person_id);

-- What somebody is granted to make an exam fair: it applies to every exam while it lasts.
CREATE TABLE accommodation (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    extra_percent BIGINT NOT NULL CHECK (extra_percent BETWEEN 0 AND 300),
    -- Minutes for which the clock may be stopped at the candidate's wish.
    break_minutes BIGINT NOT NULL CHECK (break_minutes BETWEEN 0 AND 240),
    note TEXT NOT NULL,
    from_day DATE NOT NULL,
    through_day DATE,
    granted_at TIMESTAMP NOT NULL,
    granted_by BIGINT NOT NULL REFERENCES person (id),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES person (id)
);
CREATE INDEX accommodation_person ON accommodation (person_id);

-- What happened during an attempt besides answering: pauses, extra time, a lost focus, another address.
CREATE TABLE attempt_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    attempt_id BIGINT NOT NULL REFERENCES attempt (id),
    kind TEXT NOT NULL CHECK (kind IN ('extra-time', 'pause', 'resume', 'break', 'break-over', 'left-window', 'returned', 'address', 'closed', 'note')),
    detail TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    by_person BIGINT REFERENCES person (id)
);
CREATE INDEX attempt_event_attempt ON attempt_event (attempt_id);

-- When a candidate's page was last heard of, and from where.
CREATE TABLE attempt_presence (
    attempt_id BIGINT NOT NULL PRIMARY KEY REFERENCES attempt (id),
    seen_at TIMESTAMP NOT NULL,
    address TEXT NOT NULL,
    device TEXT NOT NULL
);

CREATE TABLE practice_answer (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    question_version_id BIGINT NOT NULL REFERENCES question_version (id),
    part BIGINT NOT NULL,
    response TEXT NOT NULL,
    -- Ten-thousandths of the question's points.
    earned BIGINT NOT NULL CHECK (earned BETWEEN 0 AND 10000),
    answered_at TIMESTAMP NOT NULL
);
CREATE INDEX practice_answer_person ON practice_answer (person_id, question_version_id);

-- One person's marking of one written answer; two are blind to each other, a third decides.
CREATE TABLE marking (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    attempt_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    slot BIGINT NOT NULL CHECK (slot BETWEEN 1 AND 9),
    marker_id BIGINT NOT NULL REFERENCES person (id),
    assigned_at TIMESTAMP NOT NULL,
    assigned_by BIGINT REFERENCES person (id),
    -- Hundredths of a point.
    points BIGINT CHECK (points >= 0),
    comment TEXT NOT NULL,
    edition BIGINT NOT NULL,
    saved_at TIMESTAMP,
    submitted_at TIMESTAMP,
    withdrawn_at TIMESTAMP,
    withdrawn_why TEXT,
    FOREIGN KEY (attempt_id, position) REFERENCES attempt_question (attempt_id, position)
);
CREATE UNIQUE INDEX marking_slot ON marking (attempt_id, position, slot) WHERE withdrawn_at IS NULL;
CREATE INDEX marking_marker ON marking (marker_id, submitted_at);

-- A wrong question, put right after it was used: void, another key, or one more accepted answer.
CREATE TABLE question_correction (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    question_version_id BIGINT NOT NULL REFERENCES question_version (id),
    part BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('void', 'rekey', 'accept')),
    -- The key that holds instead, or what is accepted besides; empty when void.
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    decided_by BIGINT NOT NULL REFERENCES person (id),
    -- What it changed, as it was applied.
    report TEXT NOT NULL,
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES person (id)
);
CREATE INDEX question_correction_version ON question_correction (question_version_id);

-- One candidate's practical exam (or review by a panel), under the rubric of its rule set.
CREATE TABLE practical (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    exam TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    sitting_id BIGINT REFERENCES sitting (id),
    site_id BIGINT NOT NULL REFERENCES site (id),
    held_on DATE NOT NULL,
    -- Draws the same stations again.
    seed BIGINT NOT NULL,
    stations TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT NOT NULL REFERENCES person (id),
    cancelled_at TIMESTAMP,
    cancelled_by BIGINT REFERENCES person (id),
    cancelled_why TEXT
);
CREATE INDEX practical_person ON practical (person_id);
CREATE INDEX practical_day ON practical (held_on);

CREATE TABLE practical_examiner (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    practical_id BIGINT NOT NULL REFERENCES practical (id),
    examiner_id BIGINT NOT NULL REFERENCES person (id),
    slot BIGINT NOT NULL CHECK (slot BETWEEN 1 AND 15),
    assigned_at TIMESTAMP NOT NULL,
    assigned_by BIGINT NOT NULL REFERENCES person (id),
    -- What stood against them, as it was judged then.
    conflicts TEXT NOT NULL,
    override_why TEXT,
    seconded_at TIMESTAMP,
    seconded_by BIGINT REFERENCES person (id),
    recused_at TIMESTAMP,
    recused_by BIGINT REFERENCES person (id),
    recused_why TEXT,
    submitted_at TIMESTAMP
);
CREATE UNIQUE INDEX practical_examiner_slot ON practical_examiner (practical_id, slot) WHERE recused_at IS NULL;
CREATE UNIQUE INDEX practical_examiner_once ON practical_examiner (practical_id, examiner_id) WHERE recused_at IS NULL;
CREATE INDEX practical_examiner_examiner ON practical_examiner (examiner_id, submitted_at);

CREATE TABLE practical_score (
    practical_examiner_id BIGINT NOT NULL REFERENCES practical_examiner (id),
    station TEXT NOT NULL,
    criterion TEXT NOT NULL,
    -- Hundredths of a point.
    points BIGINT NOT NULL CHECK (points >= 0),
    -- A critical step was failed: the whole exam is.
    vetoed BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    edition BIGINT NOT NULL,
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (practical_examiner_id, station, criterion)
);

-- How long a candidate took at a station, by an examiner's hand on the server's clock.
CREATE TABLE practical_time (
    practical_examiner_id BIGINT NOT NULL REFERENCES practical_examiner (id),
    station TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    stopped_at TIMESTAMP,
    PRIMARY KEY (practical_examiner_id, station)
);

CREATE TABLE practical_photo (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    practical_examiner_id BIGINT NOT NULL REFERENCES practical_examiner (id),
    station TEXT NOT NULL,
    criterion TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES exam_file (digest),
    added_at TIMESTAMP NOT NULL,
    UNIQUE (practical_examiner_id, station, criterion, digest)
);

CREATE TABLE practical_result (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    practical_id BIGINT NOT NULL REFERENCES practical (id),
    points BIGINT NOT NULL,
    points_max BIGINT NOT NULL CHECK (points_max > 0),
    vetoed BOOLEAN NOT NULL,
    passed BOOLEAN NOT NULL,
    -- How it came about: each examiner's total, how far apart, who decided.
    detail TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('scores', 'appeal')),
    graded_at TIMESTAMP NOT NULL,
    released_at TIMESTAMP,
    released_by BIGINT REFERENCES person (id),
    fact_id BIGINT REFERENCES fact (id),
    superseded_at TIMESTAMP
);
CREATE UNIQUE INDEX practical_result_one ON practical_result (practical_id) WHERE superseded_at IS NULL;

-- Kinship and the like that somebody stated: it keeps an examiner from a candidate.
CREATE TABLE conflict_declaration (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    other_id BIGINT NOT NULL REFERENCES person (id),
    relation TEXT NOT NULL CHECK (relation IN ('kin', 'taught', 'friend', 'business', 'other')),
    note TEXT NOT NULL,
    declared_at TIMESTAMP NOT NULL,
    declared_by BIGINT NOT NULL REFERENCES person (id),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES person (id),
    CHECK (person_id <> other_id)
);
CREATE INDEX conflict_declaration_person ON conflict_declaration (person_id);
CREATE INDEX conflict_declaration_other ON conflict_declaration (other_id);

-- A candidate's objection to a result, and what became of it.
CREATE TABLE appeal (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    attempt_id BIGINT REFERENCES attempt (id),
    practical_id BIGINT REFERENCES practical (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    filed_at TIMESTAMP NOT NULL,
    grounds TEXT NOT NULL,
    decide_by DATE NOT NULL,
    outcome TEXT CHECK (outcome IN ('upheld', 'partly', 'rejected', 'withdrawn')),
    reasons TEXT,
    decided_at TIMESTAMP,
    decided_by BIGINT REFERENCES person (id),
    CHECK ((attempt_id IS NULL) <> (practical_id IS NULL)),
    CHECK ((outcome IS NULL) = (decided_at IS NULL))
);
CREATE UNIQUE INDEX appeal_open_attempt ON appeal (attempt_id) WHERE decided_at IS NULL AND attempt_id IS NOT NULL;
CREATE UNIQUE INDEX appeal_open_practical ON appeal (practical_id) WHERE decided_at IS NULL AND practical_id IS NOT NULL;
CREATE INDEX appeal_person ON appeal (person_id);

-- Its questions may be practised outside exams, though an exam draws from it.
ALTER TABLE question_bank ADD COLUMN practice BOOLEAN NOT NULL DEFAULT FALSE;

-- The same file again changes nothing; what was written in the browser since stays.
ALTER TABLE question ADD COLUMN file_digest TEXT;
UPDATE question SET file_digest = (
    SELECT digest FROM question_version v WHERE v.question_id = question.id ORDER BY v.version DESC LIMIT 1);
INSERT INTO question_stage (question_version_id, stage, set_at)
SELECT id, 'live', created_at FROM question_version ORDER BY id;
INSERT INTO question_stage (question_version_id, stage, set_at)
SELECT v.id, 'retired', q.retired_at FROM question_version v JOIN question q ON q.id = v.question_id
WHERE q.retired_at IS NOT NULL ORDER BY v.id;
ALTER TABLE question DROP COLUMN retired_at;

-- What a candidate meets at this place: a part of a case has its number, an unscored one counts for nothing.
ALTER TABLE attempt_question ADD COLUMN kind TEXT NOT NULL DEFAULT 'single';
ALTER TABLE attempt_question ADD COLUMN part BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempt_question ADD COLUMN block BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempt_question ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
ALTER TABLE attempt_question ADD COLUMN scored BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE attempt_question ADD COLUMN flagged BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE attempt_question SET kind = (SELECT v.kind FROM question_version v WHERE v.id = attempt_question.question_version_id);
CREATE INDEX attempt_question_version ON attempt_question (question_version_id);

ALTER TABLE attempt ADD COLUMN sitting_id BIGINT REFERENCES sitting (id);
ALTER TABLE attempt ADD COLUMN blueprint_id BIGINT REFERENCES blueprint (id);
ALTER TABLE attempt ADD COLUMN paused_at TIMESTAMP;
CREATE INDEX attempt_sitting ON attempt (sitting_id);
CREATE INDEX attempt_exam ON attempt (exam, finished_at);

ALTER TABLE attempt_result RENAME TO attempt_result_before;
CREATE TABLE attempt_result (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    attempt_id BIGINT NOT NULL REFERENCES attempt (id),
    ended_by TEXT NOT NULL CHECK (ended_by IN ('candidate', 'time', 'invigilator')),
    points BIGINT NOT NULL,
    points_max BIGINT NOT NULL CHECK (points_max > 0),
    passed BOOLEAN NOT NULL,
    by_area TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('finish', 'marking', 'correction', 'appeal')),
    graded_at TIMESTAMP NOT NULL,
    -- Nothing is told and nothing follows from it before.
    released_at TIMESTAMP,
    released_by BIGINT REFERENCES person (id),
    fact_id BIGINT REFERENCES fact (id),
    -- Another result took its place; this one stays to be seen.
    superseded_at TIMESTAMP
);
INSERT INTO attempt_result (attempt_id, ended_by, points, points_max, passed, by_area, cause, graded_at, released_at, fact_id)
SELECT attempt_id, ended_by, points, points_max, passed, by_area, 'finish', graded_at, graded_at, fact_id FROM attempt_result_before;
DROP TABLE attempt_result_before;
CREATE UNIQUE INDEX attempt_result_one ON attempt_result (attempt_id) WHERE superseded_at IS NULL;

-- An appointment that goes with a mail, as iCalendar.
ALTER TABLE outbox ADD COLUMN calendar TEXT;
