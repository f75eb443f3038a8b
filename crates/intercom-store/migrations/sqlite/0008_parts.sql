-- The parts of conversations, and what else tells that something has vanished.

-- A contact that is archived keeps its row; nothing is projected from it.
ALTER TABLE contacts ADD COLUMN archived_at INTEGER;

CREATE TABLE conversation_parts (
    workspace_id    TEXT NOT NULL,
    id              TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    created_at      INTEGER,
    updated_at      INTEGER,
    part_type       TEXT,
    author_type     TEXT,
    author_id       TEXT,
    content_hash    BLOB NOT NULL,
    change_number   INTEGER NOT NULL,
    first_seen_at   INTEGER NOT NULL,
    observed_at     INTEGER NOT NULL,
    -- When its text was first seen to be taken away; the body is the one from before, if there was
    -- one.
    redacted_at     INTEGER,
    -- When it was first missing among its neighbours.
    deleted_at      INTEGER,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_parts_conversation
    ON conversation_parts (workspace_id, conversation_id, created_at);

CREATE TABLE conversation_part_bodies (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES conversation_parts ON DELETE CASCADE
) STRICT;

-- How completely the parts of a conversation were fetched the last time. It outlives the
-- conversation.
CREATE TABLE parts_ledger (
    workspace_id    TEXT NOT NULL REFERENCES workspaces,
    conversation_id TEXT NOT NULL,
    -- complete, truncated, short, gone or failed.
    state           TEXT NOT NULL,
    -- What went wrong, in words.
    reason          TEXT,
    -- When the conversation had changed and how many parts it counted, in the answer with the parts.
    updated_at      INTEGER,
    n_counted       INTEGER,
    n_fetched       INTEGER NOT NULL,
    fetched_at      INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- Conversations whose parts have to be looked at.
CREATE TABLE parts_due (
    workspace_id    TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    -- The change that made it due; clearing a mark of an earlier change clears nothing.
    mark            INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO parts_due (workspace_id, conversation_id, mark)
SELECT workspace_id, id, change_number FROM conversations;
