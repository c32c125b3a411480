-- Facts about the deployment as a whole, and what its operators want to know of.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Without references: a record outlives what it tells of.
CREATE TABLE security_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    occurred_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    client_id TEXT,
    subject TEXT,
    family_id TEXT
);

CREATE INDEX security_events_by_time ON security_events (occurred_at);
