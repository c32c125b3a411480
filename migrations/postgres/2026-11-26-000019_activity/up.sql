-- From where: the network address, a blank, and what the browser called itself.
ALTER TABLE security_events ADD COLUMN browser TEXT;

-- People see what happened to their own account.
CREATE INDEX security_events_by_subject ON security_events (subject, id);
