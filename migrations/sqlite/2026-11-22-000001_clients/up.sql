-- Registered clients, their secrets, and the counter that tells a running server of a change.

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    authentication_method TEXT NOT NULL,
    grants TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    scope TEXT NOT NULL,
    audiences TEXT NOT NULL,
    id_token_algorithm TEXT NOT NULL,
    requires_pkce BOOLEAN NOT NULL,
    requires_consent BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Either the keyed digest of a secret that was generated, or the Argon2id hash of one that was chosen.
CREATE TABLE client_secrets (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    digest BLOB,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (client_id, id),
    CHECK ((digest IS NULL) <> (password_hash IS NULL))
);

CREATE TABLE revision (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);

INSERT INTO revision (id, value) VALUES (1, 0);
