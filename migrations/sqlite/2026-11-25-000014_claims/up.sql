-- What is known of a person beyond name and address, as the JSON of OpenID Connect Core §5.1; and the claims that a client
-- asked for by name (§5.5), which stay with what came of the request. NULL: none.

ALTER TABLE users ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
ALTER TABLE authorization_codes ADD COLUMN claims TEXT;
ALTER TABLE token_families ADD COLUMN claims TEXT;
