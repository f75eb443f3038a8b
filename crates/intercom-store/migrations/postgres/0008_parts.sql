-- The parts of conversations, and what else tells that something has vanished.

-- A contact that is archived keeps its row; nothing is projected from it.
ALTER TABLE contacts ADD COLUMN archived_at BIGINT;

CREATE TABLE conversation_parts (
    workspace_id    TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT,
    updated_at      BIGINT,
    part_type       TEXT COLLATE "C",
    author_type     TEXT COLLATE "C",
    author_id       TEXT COLLATE "C",
    content_hash    BYTEA NOT NULL,
    change_number   BIGINT NOT NULL,
    first_seen_at   BIGINT NOT NULL,
    observed_at     BIGINT NOT NULL,
    -- When its text was first seen to be taken away; the body is the one from before, if there was
    -- one.
    redacted_at     BIGINT,
    -- When it was first missing among its neighbours.
    deleted_at      BIGINT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
CREATE INDEX conversation_parts_conversation
    ON conversation_parts (workspace_id, conversation_id, created_at);

CREATE TABLE conversation_part_bodies (
    workspace_id TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES conversation_parts ON DELETE CASCADE
);

-- How completely the parts of a conversation were fetched the last time. It outlives the
-- conversation.
CREATE TABLE parts_ledger (
    workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    conversation_id TEXT COLLATE "C" NOT NULL,
    -- complete, truncated, short, gone or failed.
    state           TEXT COLLATE "C" NOT NULL,
    -- What went wrong, in words.
    reason          TEXT,
    -- When the conversation had changed and how many parts it counted, in the answer with the parts.
    updated_at      BIGINT,
    n_counted       BIGINT,
    n_fetched       BIGINT NOT NULL,
    fetched_at      BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id)
);

-- Conversations whose parts have to be looked at.
CREATE TABLE parts_due (
    workspace_id    TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT COLLATE "C" NOT NULL,
    -- The change that made it due; clearing a mark of an earlier change clears nothing.
    mark            BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);

INSERT INTO parts_due (workspace_id, conversation_id, mark)
SELECT workspace_id, id, change_number FROM conversations;
