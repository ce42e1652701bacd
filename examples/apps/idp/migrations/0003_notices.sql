-- What clients have to be told: that a session has ended. A row outlives the session and the client, and goes some days
-- after it is over.
CREATE TABLE notices (
    -- Issuer, client and session.
    notice_key TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    -- Of the client's URI, when the session ended. Few attempts at once are made for one host.
    host TEXT NOT NULL,
    -- The library's JSON. It holds a subject and a sid, and no token.
    notice TEXT NOT NULL,
    -- When it must be looked at again. NULL: it is over.
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    -- When it was delivered or given up.
    over_at BIGINT
);
CREATE INDEX notices_due_at ON notices (due_at, client_id);
CREATE INDEX notices_client_id ON notices (client_id, due_at);
CREATE INDEX notices_over_at ON notices (over_at);

-- What the last start of a server said, for the commands that work on its database.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
