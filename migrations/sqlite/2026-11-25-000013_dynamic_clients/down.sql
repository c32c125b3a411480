DROP INDEX clients_by_expiry;
ALTER TABLE clients DROP COLUMN expires_at;
ALTER TABLE clients DROP COLUMN registration_digest;
