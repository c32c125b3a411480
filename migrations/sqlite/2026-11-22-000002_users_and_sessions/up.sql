-- People, the browsers they signed in with, and what they agreed to.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    -- The name in ASCII lower case: names that differ in case only are the same.
    username_key TEXT NOT NULL UNIQUE,
    name TEXT,
    email TEXT,
    email_verified BOOLEAN NOT NULL,
    roles TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    cookie BLOB NOT NULL UNIQUE,
    subject TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
);

CREATE INDEX sessions_by_subject ON sessions (subject);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE consents (
    subject TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (subject, client_id)
);

CREATE INDEX consents_by_client ON consents (client_id);

-- Failed tries, counted under a keyed digest of a source or an account.
CREATE TABLE failures (
    key BLOB NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    since BIGINT NOT NULL,
    last BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX failures_by_expiry ON failures (expires_at);

-- At most one link a purpose.
CREATE TABLE one_time_links (
    purpose TEXT NOT NULL PRIMARY KEY,
    token BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);
