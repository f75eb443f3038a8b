-- What was received. Narrow rows first; their JSON lies in sibling tables that scans never touch.
-- Times are Unix seconds.

CREATE TABLE workspaces (
    workspace_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT,
    timezone      TEXT,
    first_seen_at BIGINT NOT NULL,
    -- Raised by one in every writing transaction, so a reader can ask for what changed since N;
    -- taking the number also makes writers of one workspace take turns.
    change_number BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE contacts (
    workspace_id      TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id                TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT,
    updated_at        BIGINT,
    content_hash      BYTEA NOT NULL,
    change_number     BIGINT NOT NULL,
    first_seen_at     BIGINT NOT NULL,
    observed_at       BIGINT NOT NULL,
    -- 0 = not projected since the body was written.
    projected_version BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX contacts_pending ON contacts (projected_version, workspace_id, id);

CREATE TABLE contact_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES contacts ON DELETE CASCADE
);

CREATE TABLE conversations (
    workspace_id      TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id                TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT,
    updated_at        BIGINT,
    content_hash      BYTEA NOT NULL,
    change_number     BIGINT NOT NULL,
    first_seen_at     BIGINT NOT NULL,
    observed_at       BIGINT NOT NULL,
    projected_version BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX conversations_pending ON conversations (projected_version, workspace_id, id);

CREATE TABLE conversation_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES conversations ON DELETE CASCADE
);

CREATE TABLE admins (
    workspace_id      TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    id                TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT,
    updated_at        BIGINT,
    content_hash      BYTEA NOT NULL,
    change_number     BIGINT NOT NULL,
    first_seen_at     BIGINT NOT NULL,
    observed_at       BIGINT NOT NULL,
    projected_version BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX admins_pending ON admins (projected_version, workspace_id, id);

CREATE TABLE admin_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES admins ON DELETE CASCADE
);

CREATE TABLE bookmarks (
    workspace_id   TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    stream         TEXT COLLATE "C" NOT NULL,
    watermark      BIGINT,
    next_watermark BIGINT,
    query          TEXT NOT NULL,
    cursor         TEXT,
    n_pages        BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, stream)
);

CREATE TABLE sync_runs (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    run_id        BIGINT NOT NULL,
    kind          TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    finished_at   BIGINT,
    outcome       TEXT,
    n_fetched     BIGINT NOT NULL DEFAULT 0,
    n_inserted    BIGINT NOT NULL DEFAULT 0,
    n_changed     BIGINT NOT NULL DEFAULT 0,
    n_skipped     BIGINT NOT NULL DEFAULT 0,
    n_quarantined BIGINT NOT NULL DEFAULT 0,
    n_customers   BIGINT NOT NULL DEFAULT 0,
    -- What went wrong, in words.
    detail        TEXT,
    PRIMARY KEY (workspace_id, run_id)
);

-- Records that could not be read. The same bytes arriving again are counted, not repeated.
CREATE TABLE quarantine (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    stream        TEXT COLLATE "C" NOT NULL,
    content_hash  BYTEA NOT NULL,
    record_id     TEXT COLLATE "C",
    reason        TEXT NOT NULL,
    body          BYTEA NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    n_seen        BIGINT NOT NULL,
    run_id        BIGINT,
    PRIMARY KEY (workspace_id, stream, content_hash)
);
CREATE INDEX quarantine_record ON quarantine (workspace_id, stream, record_id);
