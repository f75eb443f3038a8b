-- What lasts and has been seen, so that it is told once: an overdue payment, a failing run.

CREATE TABLE alert_state (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    -- The e-mail of a customer; empty for the workspace itself.
    subject      TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    -- Who spoke for the customer: the memory follows a contact to another e-mail.
    contact_id   TEXT COLLATE "C",
    -- When it began, in Unix seconds by the clock of the runs.
    since        BIGINT NOT NULL,
    -- What it began with: an amount, or a reason.
    value        TEXT COLLATE "C",
    PRIMARY KEY (workspace_id, subject, kind)
);
CREATE INDEX alert_state_contact ON alert_state (workspace_id, contact_id);
CREATE INDEX alert_state_kind ON alert_state (workspace_id, kind, subject);
