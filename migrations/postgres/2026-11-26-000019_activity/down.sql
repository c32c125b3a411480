DROP INDEX security_events_by_subject;
ALTER TABLE security_events DROP COLUMN browser;
