DROP TABLE one_time_links;
DROP TABLE failures;
DROP TABLE consents;
DROP TABLE sessions;
DROP TABLE users;
