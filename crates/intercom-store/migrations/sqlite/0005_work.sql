-- Who works on what. Instants are milliseconds since 1970 by the database's own clock.

-- Work that one process does at a time, such as a run.
CREATE TABLE leases (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    name         TEXT NOT NULL,
    holder       TEXT NOT NULL,
    -- Raised by one with every holder; who holds an earlier one has lost the lease.
    epoch        INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;

-- The rate limit of a token as the processes that share it know it: one text, changed as a whole.
-- The token is known before its workspace, so this is the one table without a workspace.
CREATE TABLE rate_leases (
    token_digest TEXT NOT NULL PRIMARY KEY,
    ledger       TEXT NOT NULL,
    changed_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The truth about every effect on the world outside.
CREATE TABLE outbox (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    effect_id    INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    queue        TEXT NOT NULL,
    dedupe_key   TEXT NOT NULL,
    payload      TEXT NOT NULL,
    -- due, claimed, done or dead.
    state        TEXT NOT NULL,
    -- Raised by one with every claim; a claim of an earlier one has been taken back.
    epoch        INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER NOT NULL,
    lease_until  INTEGER,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    -- What went wrong last, in words.
    reason       TEXT,
    PRIMARY KEY (workspace_id, effect_id),
    UNIQUE (workspace_id, kind, dedupe_key)
) STRICT;
CREATE INDEX outbox_due ON outbox (workspace_id, queue, state, due_at, effect_id);
