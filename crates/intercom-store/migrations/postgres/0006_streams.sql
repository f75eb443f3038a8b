-- Where a walk goes on when its cursor is refused: at the change of the last record it has read.
-- Absent when the records of the walk have not come in order.
ALTER TABLE bookmarks ADD COLUMN last_updated_at BIGINT;

-- More of what was received. Nothing is projected from these.

CREATE TABLE companies (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id            TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT,
    updated_at    BIGINT,
    content_hash  BYTEA NOT NULL,
    change_number BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    observed_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE company_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES companies ON DELETE CASCADE
);

CREATE TABLE teams (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id            TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT,
    updated_at    BIGINT,
    content_hash  BYTEA NOT NULL,
    change_number BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    observed_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE team_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES teams ON DELETE CASCADE
);

CREATE TABLE tags (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id            TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT,
    updated_at    BIGINT,
    content_hash  BYTEA NOT NULL,
    change_number BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    observed_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE tag_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES tags ON DELETE CASCADE
);

CREATE TABLE segments (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id            TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT,
    updated_at    BIGINT,
    content_hash  BYTEA NOT NULL,
    change_number BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    observed_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE segment_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES segments ON DELETE CASCADE
);

CREATE TABLE data_attributes (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id            TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT,
    updated_at    BIGINT,
    content_hash  BYTEA NOT NULL,
    change_number BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    observed_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE data_attribute_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES data_attributes ON DELETE CASCADE
);
