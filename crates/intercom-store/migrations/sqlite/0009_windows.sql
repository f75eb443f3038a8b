-- The first load of a stream, cut into windows by creation that are read side by side. Rows are
-- here only while the load goes on.
CREATE TABLE load_windows (
    workspace_id    TEXT NOT NULL REFERENCES workspaces,
    stream          TEXT NOT NULL,
    position        INTEGER NOT NULL,
    -- Absent: no beginning.
    from_at         INTEGER,
    -- Absent: no end.
    until_at        INTEGER,
    cursor          TEXT,
    last_created_at INTEGER,
    n_pages         INTEGER NOT NULL,
    completed_at    INTEGER,
    PRIMARY KEY (workspace_id, stream, position)
) STRICT, WITHOUT ROWID;
