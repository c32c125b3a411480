-- When somebody last authenticated with the secret, to the minute and without durability; NULL: nobody did since this
-- column exists. It is no part of what raises the revision of the clients.

ALTER TABLE client_secrets ADD COLUMN last_used_at BIGINT;
