-- Questions with their frozen versions; papers, answers and results of theory exams.
CREATE TABLE question_bank (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL
);

CREATE TABLE question (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    bank_id BIGINT NOT NULL REFERENCES question_bank (id),
    code TEXT NOT NULL,
    retired_at TIMESTAMP,
    UNIQUE (bank_id, code)
);

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

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    exam TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    number BIGINT NOT NULL,
    -- Draws the same paper again from the same bank.
    seed BIGINT NOT NULL,
    pass_score BIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    hand_in_by TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    UNIQUE (person_id, exam, number),
    CHECK (hand_in_by > started_at)
);
CREATE UNIQUE INDEX attempt_running ON attempt (person_id, exam) WHERE finished_at IS NULL;
CREATE INDEX attempt_hand_in ON attempt (finished_at, hand_in_by);

CREATE TABLE attempt_question (
    attempt_id BIGINT NOT NULL REFERENCES attempt (id),
    position BIGINT NOT NULL,
    question_version_id BIGINT NOT NULL REFERENCES question_version (id),
    -- The order in which this candidate sees the options.
    option_order TEXT NOT NULL,
    PRIMARY KEY (attempt_id, position)
);

CREATE TABLE answer (
    attempt_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    response TEXT NOT NULL,
    -- The candidate's own count of changes: a late repeat with a lower one changes nothing.
    edition BIGINT NOT NULL,
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (attempt_id, position),
    FOREIGN KEY (attempt_id, position) REFERENCES attempt_question (attempt_id, position)
);

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
