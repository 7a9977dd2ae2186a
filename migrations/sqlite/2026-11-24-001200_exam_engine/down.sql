-- Takes the exam engine back to theory exams alone.
ALTER TABLE outbox DROP COLUMN calendar;
ALTER TABLE attempt_result RENAME TO attempt_result_after;
CREATE TABLE attempt_result (
    attempt_id BIGINT NOT NULL PRIMARY KEY REFERENCES attempt (id),
    ended_by TEXT NOT NULL CHECK (ended_by IN ('candidate', 'time', 'invigilator')),
    points BIGINT NOT NULL,
    points_max BIGINT NOT NULL CHECK (points_max > 0),
    passed BOOLEAN NOT NULL,
    by_area TEXT NOT NULL,
    graded_at TIMESTAMP NOT NULL,
    fact_id BIGINT NOT NULL REFERENCES fact (id)
);
INSERT INTO attempt_result (attempt_id, ended_by, points, points_max, passed, by_area, graded_at, fact_id)
SELECT attempt_id, ended_by, points, points_max, passed, by_area, graded_at, fact_id
FROM attempt_result_after WHERE superseded_at IS NULL AND fact_id IS NOT NULL;
DROP TABLE attempt_result_after;

DROP INDEX attempt_exam;
DROP INDEX attempt_sitting;
ALTER TABLE attempt DROP COLUMN paused_at;
ALTER TABLE attempt DROP COLUMN blueprint_id;
ALTER TABLE attempt DROP COLUMN sitting_id;
DROP INDEX attempt_question_version;
ALTER TABLE attempt_question DROP COLUMN flagged;
ALTER TABLE attempt_question DROP COLUMN scored;
ALTER TABLE attempt_question DROP COLUMN weight;
ALTER TABLE attempt_question DROP COLUMN block;
ALTER TABLE attempt_question DROP COLUMN part;
ALTER TABLE attempt_question DROP COLUMN kind;

ALTER TABLE question ADD COLUMN retired_at TIMESTAMP;
UPDATE question SET retired_at = (
    SELECT max(s.set_at) FROM question_stage s JOIN question_version v ON v.id = s.question_version_id
    WHERE v.question_id = question.id AND s.stage = 'retired');
ALTER TABLE question DROP COLUMN file_digest;
DROP TABLE appeal;
DROP TABLE conflict_declaration;
DROP TABLE practical_result;
DROP TABLE practical_photo;
DROP TABLE practical_time;
DROP TABLE practical_score;
DROP TABLE practical_examiner;
DROP TABLE practical;
DROP TABLE question_correction;
DROP TABLE marking;
DROP TABLE practice_answer;
DROP TABLE attempt_presence;
DROP TABLE attempt_event;
DROP TABLE accommodation;
DROP TABLE registration;
DROP TABLE sitting_invigilator;
DROP TABLE sitting;
DROP TABLE standard_estimate;
DROP TABLE standard_judge;
DROP TABLE standard_study;
DROP TABLE blueprint;
DROP TABLE question_import_change;
DROP TABLE question_import;
DROP TABLE exam_file;
DROP TABLE question_stage;

-- A question of a kind that did not exist before cannot go back: the CHECK refuses it.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE question_version_after AS SELECT * FROM question_version;
DROP TABLE question_version;
CREATE TABLE question_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    question_id BIGINT NOT NULL REFERENCES question (id),
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('single', 'multiple', 'true-false', 'numeric')),
    area TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('recall', 'apply', 'diagnose')),
    importance TEXT NOT NULL CHECK (importance IN ('X', 'Y', 'Z')),
    difficulty TEXT NOT NULL CHECK (difficulty IN ('easy', 'medium', 'hard')),
    body TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (question_id, version)
);
INSERT INTO question_version SELECT id, question_id, version, kind, area, level, importance, difficulty, body, digest, created_at
FROM question_version_after;
DROP TABLE question_version_after;
ALTER TABLE question_bank DROP COLUMN practice;
