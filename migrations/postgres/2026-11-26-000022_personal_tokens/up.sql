-- Access tokens that people have for scripts: each is recorded, so that it can be listed and taken back at once.
CREATE TABLE personal_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    roles TEXT NOT NULL,
    audience TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    last_used_from TEXT,
    revoked_at BIGINT
);

CREATE INDEX personal_tokens_by_subject ON personal_tokens (subject, created_at);
CREATE INDEX personal_tokens_by_expiry ON personal_tokens (expires_at);
