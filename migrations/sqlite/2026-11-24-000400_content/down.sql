DROP TABLE content_file;
DROP TABLE content;
