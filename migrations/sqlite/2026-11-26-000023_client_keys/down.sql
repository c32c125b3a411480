DROP INDEX token_families_of_agents;
DELETE FROM token_families WHERE subject IS NULL AND claims IS NOT NULL;
CREATE UNIQUE INDEX token_families_of_agents ON token_families (client_id)
    WHERE subject IS NULL AND revoked_at IS NULL;
DROP TABLE client_keys;
