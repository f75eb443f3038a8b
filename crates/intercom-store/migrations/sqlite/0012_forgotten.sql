-- Who was forgotten on request: keyed digests of ids, so that nothing personal is left and a later
-- run knows what it must not store again.
CREATE TABLE forgotten (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    digest       TEXT NOT NULL,
    forgotten_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, digest)
) STRICT, WITHOUT ROWID;

-- What the digests are keyed with; absent until somebody was forgotten.
ALTER TABLE workspaces ADD COLUMN forget_key TEXT;
