DROP TABLE assignment;
DROP TABLE person;
DROP TABLE site;
