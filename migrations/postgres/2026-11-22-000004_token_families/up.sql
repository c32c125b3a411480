-- One row for each sign-in of a client, updated in place by each rotation: rows do not grow in number with use.

CREATE TABLE token_families (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    subject TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revocation_reason TEXT,
    version BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    current_digest BYTEA NOT NULL,
    pending_digest BYTEA,
    pending_salt BYTEA,
    pending_minted_at BIGINT,
    former_tags BYTEA NOT NULL,
    last_used_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    -- From when on upkeep may delete the row: whole days, so that a rotation seldom moves it in its index.
    remove_at BIGINT NOT NULL,
    CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)),
    CHECK ((pending_digest IS NULL) = (pending_salt IS NULL)),
    CHECK ((pending_digest IS NULL) = (pending_minted_at IS NULL))
);

CREATE INDEX token_families_by_subject ON token_families (subject, client_id);
CREATE INDEX token_families_by_client ON token_families (client_id);
CREATE INDEX token_families_by_session ON token_families (session_id);
CREATE INDEX token_families_by_removal ON token_families (remove_at);
