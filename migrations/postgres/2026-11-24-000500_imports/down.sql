DROP TABLE import_change;
DROP TABLE import_run;
