-- When a user was last sent to a client with a code, so that clients that registered themselves and that nobody uses
-- can go. NULL in the rows of an older database: not known.
ALTER TABLE clients ADD COLUMN last_used_at BIGINT;
