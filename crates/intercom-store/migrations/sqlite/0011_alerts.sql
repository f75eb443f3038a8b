-- What lasts and has been seen, so that it is told once: an overdue payment, a failing run.

CREATE TABLE alert_state (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    -- The e-mail of a customer; empty for the workspace itself.
    subject      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    -- Who spoke for the customer: the memory follows a contact to another e-mail.
    contact_id   TEXT,
    -- When it began, in Unix seconds by the clock of the runs.
    since        INTEGER NOT NULL,
    -- What it began with: an amount, or a reason.
    value        TEXT,
    PRIMARY KEY (workspace_id, subject, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_state_contact ON alert_state (workspace_id, contact_id);
CREATE INDEX alert_state_kind ON alert_state (workspace_id, kind, subject);
