-- What was received. Narrow rows first; their JSON lies in sibling tables that scans never touch.
-- Times are Unix seconds.

CREATE TABLE workspaces (
    workspace_id  TEXT NOT NULL PRIMARY KEY,
    name          TEXT,
    timezone      TEXT,
    first_seen_at INTEGER NOT NULL,
    -- Raised by one in every writing transaction, so a reader can ask for what changed since N;
    -- taking the number also makes writers of one workspace take turns.
    change_number INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    workspace_id      TEXT NOT NULL REFERENCES workspaces,
    id                TEXT NOT NULL,
    created_at        INTEGER,
    updated_at        INTEGER,
    content_hash      BLOB NOT NULL,
    change_number     INTEGER NOT NULL,
    first_seen_at     INTEGER NOT NULL,
    observed_at       INTEGER NOT NULL,
    -- 0 = not projected since the body was written.
    projected_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_pending ON contacts (projected_version, workspace_id, id);

CREATE TABLE contact_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES contacts ON DELETE CASCADE
) STRICT;

CREATE TABLE conversations (
    workspace_id      TEXT NOT NULL REFERENCES workspaces,
    id                TEXT NOT NULL,
    created_at        INTEGER,
    updated_at        INTEGER,
    content_hash      BLOB NOT NULL,
    change_number     INTEGER NOT NULL,
    first_seen_at     INTEGER NOT NULL,
    observed_at       INTEGER NOT NULL,
    projected_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_pending ON conversations (projected_version, workspace_id, id);

CREATE TABLE conversation_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES conversations ON DELETE CASCADE
) STRICT;

CREATE TABLE admins (
    workspace_id      TEXT NOT NULL REFERENCES workspaces,
    id                TEXT NOT NULL,
    created_at        INTEGER,
    updated_at        INTEGER,
    content_hash      BLOB NOT NULL,
    change_number     INTEGER NOT NULL,
    first_seen_at     INTEGER NOT NULL,
    observed_at       INTEGER NOT NULL,
    projected_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX admins_pending ON admins (projected_version, workspace_id, id);

CREATE TABLE admin_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES admins ON DELETE CASCADE
) STRICT;

CREATE TABLE bookmarks (
    workspace_id   TEXT NOT NULL REFERENCES workspaces,
    stream         TEXT NOT NULL,
    watermark      INTEGER,
    next_watermark INTEGER,
    query          TEXT NOT NULL,
    cursor         TEXT,
    n_pages        INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE sync_runs (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    run_id        INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    outcome       TEXT,
    n_fetched     INTEGER NOT NULL DEFAULT 0,
    n_inserted    INTEGER NOT NULL DEFAULT 0,
    n_changed     INTEGER NOT NULL DEFAULT 0,
    n_skipped     INTEGER NOT NULL DEFAULT 0,
    n_quarantined INTEGER NOT NULL DEFAULT 0,
    n_customers   INTEGER NOT NULL DEFAULT 0,
    -- What went wrong, in words.
    detail        TEXT,
    PRIMARY KEY (workspace_id, run_id)
) STRICT, WITHOUT ROWID;

-- Records that could not be read. The same bytes arriving again are counted, not repeated.
CREATE TABLE quarantine (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    stream        TEXT NOT NULL,
    content_hash  BLOB NOT NULL,
    record_id     TEXT,
    reason        TEXT NOT NULL,
    body          BLOB NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    n_seen        INTEGER NOT NULL,
    run_id        INTEGER,
    PRIMARY KEY (workspace_id, stream, content_hash)
) STRICT;
CREATE INDEX quarantine_record ON quarantine (workspace_id, stream, record_id);
