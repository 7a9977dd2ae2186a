DROP TABLE form_receipt;
DROP TABLE audit;
DROP TABLE role_grant;
DROP TABLE sign_in_attempt;
DROP TABLE one_time_link;
DROP TABLE known_device;
DROP TABLE session;
DROP TABLE account;
