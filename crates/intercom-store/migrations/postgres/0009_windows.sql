-- The first load of a stream, cut into windows by creation that are read side by side. Rows are
-- here only while the load goes on.
CREATE TABLE load_windows (
    workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    stream          TEXT COLLATE "C" NOT NULL,
    position        BIGINT NOT NULL,
    -- Absent: no beginning.
    from_at         BIGINT,
    -- Absent: no end.
    until_at        BIGINT,
    cursor          TEXT,
    last_created_at BIGINT,
    n_pages         BIGINT NOT NULL,
    completed_at    BIGINT,
    PRIMARY KEY (workspace_id, stream, position)
);
