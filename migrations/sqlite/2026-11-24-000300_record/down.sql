DROP TABLE record_head;
DROP TABLE fact;
