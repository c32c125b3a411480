-- The session of the account that the person chose for this very request.
ALTER TABLE authorization_requests ADD COLUMN chosen_by TEXT;
