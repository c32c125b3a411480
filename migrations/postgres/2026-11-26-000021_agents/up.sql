-- A family may belong to an agent: a client that signs in as itself, so there is no user. Of such families an agent has at
-- most one that is not revoked.

ALTER TABLE token_families ALTER COLUMN subject DROP NOT NULL;
CREATE UNIQUE INDEX token_families_of_agents ON token_families (client_id)
    WHERE subject IS NULL AND revoked_at IS NULL;
