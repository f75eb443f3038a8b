-- Who was forgotten on request: keyed digests of ids, so that nothing personal is left and a later
-- run knows what it must not store again.
CREATE TABLE forgotten (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    digest       TEXT COLLATE "C" NOT NULL,
    forgotten_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, digest)
);

-- What the digests are keyed with; absent until somebody was forgotten.
ALTER TABLE workspaces ADD COLUMN forget_key TEXT;
