DROP TABLE security_events;
DROP TABLE meta;
