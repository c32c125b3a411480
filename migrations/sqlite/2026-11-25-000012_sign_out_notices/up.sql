-- Which clients took part in a session, from the first code on. The rows go with the session.
CREATE TABLE session_clients (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    PRIMARY KEY (session_id, client_id)
);

CREATE INDEX session_clients_by_client ON session_clients (client_id);

-- What clients have to hear: that a session they took part in is over. A notice outlives its session and its user.
CREATE TABLE logout_notices (
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    settled_at BIGINT,
    failure TEXT,
    remove_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

CREATE INDEX logout_notices_by_client ON logout_notices (client_id);
CREATE INDEX logout_notices_by_state ON logout_notices (state, due_at);
CREATE INDEX logout_notices_by_removal ON logout_notices (remove_at);
