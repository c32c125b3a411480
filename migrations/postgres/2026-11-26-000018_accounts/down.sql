ALTER TABLE authorization_requests DROP COLUMN chosen_by;
