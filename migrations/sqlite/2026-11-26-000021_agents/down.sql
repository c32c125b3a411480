CREATE TABLE changed_token_families (
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
    current_digest BLOB NOT NULL,
    pending_digest BLOB,
    pending_salt BLOB,
    pending_minted_at BIGINT,
    former_tags BLOB NOT NULL,
    last_used_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    remove_at BIGINT NOT NULL,
    claims TEXT,
    CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)),
    CHECK ((pending_digest IS NULL) = (pending_salt IS NULL)),
    CHECK ((pending_digest IS NULL) = (pending_minted_at IS NULL))
);

INSERT INTO changed_token_families
    SELECT id, client_id, subject, session_id, scope, audience, auth_time, amr, created_at, expires_at, revoked_at,
        revocation_reason, version, generation, current_digest, pending_digest, pending_salt, pending_minted_at,
        former_tags, last_used_at, idle_expires_at, remove_at, claims
    FROM token_families
    WHERE subject IS NOT NULL;

DROP TABLE token_families;
ALTER TABLE changed_token_families RENAME TO token_families;

CREATE INDEX token_families_by_subject ON token_families (subject, client_id);
CREATE INDEX token_families_by_client ON token_families (client_id);
CREATE INDEX token_families_by_session ON token_families (session_id);
CREATE INDEX token_families_by_removal ON token_families (remove_at);
