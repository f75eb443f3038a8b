-- Notifications that were received: each counts once, and of two about one record the later one.
CREATE TABLE webhook_seen (
    workspace_id    TEXT NOT NULL REFERENCES workspaces,
    notification_id TEXT NOT NULL,
    stream          TEXT NOT NULL,
    record_id       TEXT NOT NULL,
    -- By the sender's clock.
    happened_at     INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, notification_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_seen_record ON webhook_seen (workspace_id, stream, record_id, happened_at);
CREATE INDEX webhook_seen_age ON webhook_seen (workspace_id, seen_at);
