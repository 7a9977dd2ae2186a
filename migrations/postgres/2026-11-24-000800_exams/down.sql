DROP TABLE attempt_result;
DROP TABLE answer;
DROP TABLE attempt_question;
DROP TABLE attempt;
DROP TABLE question_version;
DROP TABLE question;
DROP TABLE question_bank;
