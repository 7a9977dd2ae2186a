-- Who takes which course, which lessons they have done, and when they completed it.
CREATE TABLE enrolment (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    course TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES content (id),
    -- A refresher is a new round of the same course.
    round BIGINT NOT NULL,
    enrolled_at TIMESTAMP NOT NULL,
    enrolled_by BIGINT REFERENCES person (id),
    due_on DATE,
    UNIQUE (person_id, course, round)
);
CREATE INDEX enrolment_course ON enrolment (course);

CREATE TABLE lesson_progress (
    enrolment_id BIGINT NOT NULL REFERENCES enrolment (id),
    lesson TEXT NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    done_at TIMESTAMP,
    PRIMARY KEY (enrolment_id, lesson)
);

CREATE TABLE course_completion (
    enrolment_id BIGINT NOT NULL PRIMARY KEY REFERENCES enrolment (id),
    completed_at TIMESTAMP NOT NULL,
    fact_id BIGINT NOT NULL REFERENCES fact (id)
);
