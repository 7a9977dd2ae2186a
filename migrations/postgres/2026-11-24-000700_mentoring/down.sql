DROP TABLE logbook_review;
DROP TABLE logbook_version;
DROP TABLE logbook_entry;
DROP TABLE pairing_goal;
DROP TABLE pairing;
