ALTER TABLE token_families DROP COLUMN claims;
ALTER TABLE authorization_codes DROP COLUMN claims;
ALTER TABLE users DROP COLUMN profile;
