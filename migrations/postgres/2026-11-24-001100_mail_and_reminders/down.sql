DROP TABLE lease;
DROP TABLE reminder;
DROP TABLE outbox;
