DROP TABLE course_completion;
DROP TABLE lesson_progress;
DROP TABLE enrolment;
