-- Keys that this server holds for one client each: its tokens are signed with one, its refresh tokens encrypted to the other.
CREATE TABLE client_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    verify_only_from BIGINT,
    remove_at BIGINT
);

CREATE INDEX client_keys_by_client ON client_keys (client_id);

-- Of families that say something of their own, as those of clients with keys do, a client has many.
DROP INDEX token_families_of_agents;
CREATE UNIQUE INDEX token_families_of_agents ON token_families (client_id)
    WHERE subject IS NULL AND revoked_at IS NULL AND claims IS NULL;
