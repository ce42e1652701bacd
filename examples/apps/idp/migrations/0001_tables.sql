-- One set of tables for SQLite and PostgreSQL: TEXT and BIGINT only. Times are seconds since 1970; *_hash is the SHA-256 of
-- a random secret in base64url, so that who reads the database cannot use what is in it as a cookie, a code or a token.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Empty: none.
    email TEXT NOT NULL,
    -- 1: made by the demo, and removed by a start without it.
    demo BIGINT NOT NULL
);

CREATE TABLE clients (
    client_id TEXT PRIMARY KEY,
    -- As it is: HMAC signatures of ID Tokens are made with it.
    client_secret TEXT,
    -- JSON, as dynamic registration has it.
    metadata TEXT NOT NULL,
    -- Of those that have registered themselves.
    registration_token_hash TEXT,
    created_at BIGINT NOT NULL,
    -- demo, file or registration: a start removes what the first two do not have any more.
    source TEXT NOT NULL
);
CREATE INDEX clients_source ON clients (source);

-- One row a browser that is signed in. What hangs on it ends with it.
CREATE TABLE sessions (
    sid TEXT PRIMARY KEY,
    -- Of the cookie, which changes with each sign-in.
    id_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- The clients that take part in a session: those that were sent a code.
CREATE TABLE session_clients (
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    PRIMARY KEY (sid, client_id)
);
CREATE INDEX session_clients_client_id ON session_clients (client_id);

CREATE TABLE codes (
    code_hash TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    code_challenge TEXT,
    expires_at BIGINT NOT NULL,
    -- A used code stays until it expires, to notice that it is used again.
    used BIGINT NOT NULL
);
CREATE INDEX codes_client_id ON codes (client_id);
CREATE INDEX codes_sid ON codes (sid);
CREATE INDEX codes_expires_at ON codes (expires_at);

CREATE TABLE access_tokens (
    token_hash TEXT PRIMARY KEY,
    code_hash TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_tokens_code_hash ON access_tokens (code_hash);
CREATE INDEX access_tokens_client_id ON access_tokens (client_id);
CREATE INDEX access_tokens_sid ON access_tokens (sid);
CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

-- Keys of the highest generation sign; those before verify, for which their public part is enough.
CREATE TABLE signing_keys (
    generation BIGINT NOT NULL,
    family TEXT NOT NULL,
    private_key TEXT,
    jwk TEXT NOT NULL,
    PRIMARY KEY (generation, family)
);

-- What every instance has to know, and nobody else.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- What was tried since a time, by account or by client address.
CREATE TABLE attempts (
    subject_hash TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    attempts BIGINT NOT NULL
);
