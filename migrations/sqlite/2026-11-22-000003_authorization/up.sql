-- Authorization requests that wait for a person, and authorization codes.

CREATE TABLE authorization_requests (
    handle BLOB NOT NULL PRIMARY KEY,
    browser BLOB NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    signed_in_by TEXT,
    consented_by TEXT
);

CREATE INDEX authorization_requests_by_client ON authorization_requests (client_id);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

CREATE TABLE authorization_codes (
    digest BLOB NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    redirect_uri_was_received BOOLEAN NOT NULL,
    code_challenge TEXT,
    subject TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT
);

CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id);
CREATE INDEX authorization_codes_by_subject ON authorization_codes (subject, client_id);
CREATE INDEX authorization_codes_by_session ON authorization_codes (session_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

-- Values that may be used once, and access tokens that were revoked before their time.
CREATE TABLE replays (
    purpose TEXT NOT NULL,
    value BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, value)
);

CREATE INDEX replays_by_expiry ON replays (expires_at);

CREATE TABLE revoked_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
