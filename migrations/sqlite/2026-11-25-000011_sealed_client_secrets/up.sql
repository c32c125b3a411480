-- The secret itself, sealed, of clients that sign with it (client_secret_jwt).
ALTER TABLE client_secrets ADD COLUMN sealed BLOB;
