-- Whose tokens are believed. The definition is JSON; a secret of both sides is sealed and kept beside it.
CREATE TABLE trusted_issuers (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    sealed_secret BLOB,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What whoever brings such a token gets.
CREATE TABLE binding_rules (
    id TEXT NOT NULL PRIMARY KEY,
    trusted_issuer TEXT NOT NULL REFERENCES trusted_issuers (name) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX binding_rules_by_issuer ON binding_rules (trusted_issuer);

-- The roles and policies that rules can give.
CREATE TABLE declared_names (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);

-- Tokens that mean nothing by themselves, under their digest.
CREATE TABLE reference_tokens (
    digest BLOB NOT NULL PRIMARY KEY,
    accessor TEXT NOT NULL,
    trusted_issuer TEXT NOT NULL REFERENCES trusted_issuers (name) ON DELETE CASCADE,
    token TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX reference_tokens_by_issuer ON reference_tokens (trusted_issuer);
CREATE INDEX reference_tokens_by_expiry ON reference_tokens (expires_at);
