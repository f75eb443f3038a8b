-- Notifications that were received: each counts once, and of two about one record the later one.
CREATE TABLE webhook_seen (
    workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    notification_id TEXT COLLATE "C" NOT NULL,
    stream          TEXT COLLATE "C" NOT NULL,
    record_id       TEXT COLLATE "C" NOT NULL,
    -- By the sender's clock.
    happened_at     BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, notification_id)
);
CREATE INDEX webhook_seen_record ON webhook_seen (workspace_id, stream, record_id, happened_at);
CREATE INDEX webhook_seen_age ON webhook_seen (workspace_id, seen_at);
