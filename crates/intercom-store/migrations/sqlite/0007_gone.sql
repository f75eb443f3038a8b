-- What is no longer there.

-- Contacts that were merged into others.
CREATE TABLE contact_aliases (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    old_id       TEXT NOT NULL,
    contact_id   TEXT NOT NULL,
    observed_at  INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, old_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_aliases_contact ON contact_aliases (workspace_id, contact_id);

-- Records that were stored and that the API knows no more.
CREATE TABLE tombstones (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    stream       TEXT NOT NULL,
    id           TEXT NOT NULL,
    -- deleted or merged.
    reason       TEXT NOT NULL,
    observed_at  INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, stream, id)
) STRICT, WITHOUT ROWID;
