DROP TABLE decision;
DROP TABLE recommendation;
DROP TABLE candidacy;
