-- Where a walk goes on when its cursor is refused: at the change of the last record it has read.
-- Absent when the records of the walk have not come in order.
ALTER TABLE bookmarks ADD COLUMN last_updated_at INTEGER;

-- More of what was received. Nothing is projected from these.

CREATE TABLE companies (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    id            TEXT NOT NULL,
    created_at    INTEGER,
    updated_at    INTEGER,
    content_hash  BLOB NOT NULL,
    change_number INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE company_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES companies ON DELETE CASCADE
) STRICT;

CREATE TABLE teams (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    id            TEXT NOT NULL,
    created_at    INTEGER,
    updated_at    INTEGER,
    content_hash  BLOB NOT NULL,
    change_number INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES teams ON DELETE CASCADE
) STRICT;

CREATE TABLE tags (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    id            TEXT NOT NULL,
    created_at    INTEGER,
    updated_at    INTEGER,
    content_hash  BLOB NOT NULL,
    change_number INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES tags ON DELETE CASCADE
) STRICT;

CREATE TABLE segments (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    id            TEXT NOT NULL,
    created_at    INTEGER,
    updated_at    INTEGER,
    content_hash  BLOB NOT NULL,
    change_number INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES segments ON DELETE CASCADE
) STRICT;

CREATE TABLE data_attributes (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    id            TEXT NOT NULL,
    created_at    INTEGER,
    updated_at    INTEGER,
    content_hash  BLOB NOT NULL,
    change_number INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE data_attribute_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES data_attributes ON DELETE CASCADE
) STRICT;
