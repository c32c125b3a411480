-- Clients that registered themselves (RFC 7591): the digest of the token that manages one, and when it is removed unless
-- it is used before. Both are NULL for a client of an operator; the token alone is for a public client that many share.

ALTER TABLE clients ADD COLUMN registration_digest BLOB;
ALTER TABLE clients ADD COLUMN expires_at BIGINT;
CREATE INDEX clients_by_expiry ON clients (expires_at) WHERE expires_at IS NOT NULL;
