-- What is no longer there.

-- Contacts that were merged into others.
CREATE TABLE contact_aliases (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    old_id       TEXT COLLATE "C" NOT NULL,
    contact_id   TEXT COLLATE "C" NOT NULL,
    observed_at  BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, old_id)
);
CREATE INDEX contact_aliases_contact ON contact_aliases (workspace_id, contact_id);

-- Records that were stored and that the API knows no more.
CREATE TABLE tombstones (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    stream       TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    -- deleted or merged.
    reason       TEXT COLLATE "C" NOT NULL,
    observed_at  BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, stream, id)
);
