-- Who works on what. Instants are milliseconds since 1970 by the database's own clock.

-- Work that one process does at a time, such as a run.
CREATE TABLE leases (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    name         TEXT COLLATE "C" NOT NULL,
    holder       TEXT NOT NULL,
    -- Raised by one with every holder; who holds an earlier one has lost the lease.
    epoch        BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

-- The rate limit of a token as the processes that share it know it: one text, changed as a whole.
-- The token is known before its workspace, so this is the one table without a workspace.
CREATE TABLE rate_leases (
    token_digest TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ledger       TEXT NOT NULL,
    changed_at   BIGINT NOT NULL
);

-- The truth about every effect on the world outside.
CREATE TABLE outbox (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    effect_id    BIGINT NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    queue        TEXT COLLATE "C" NOT NULL,
    dedupe_key   TEXT COLLATE "C" NOT NULL,
    payload      TEXT NOT NULL,
    -- due, claimed, done or dead.
    state        TEXT COLLATE "C" NOT NULL,
    -- Raised by one with every claim; a claim of an earlier one has been taken back.
    epoch        BIGINT NOT NULL DEFAULT 0,
    attempts     BIGINT NOT NULL DEFAULT 0,
    due_at       BIGINT NOT NULL,
    lease_until  BIGINT,
    created_at   BIGINT NOT NULL,
    finished_at  BIGINT,
    -- What went wrong last, in words.
    reason       TEXT,
    PRIMARY KEY (workspace_id, effect_id),
    UNIQUE (workspace_id, kind, dedupe_key)
);
CREATE INDEX outbox_due ON outbox (workspace_id, queue, state, due_at, effect_id);
