-- What the bodies say, rewritten whenever a body or the projection's version changes.

CREATE TABLE members (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    contact_id    TEXT NOT NULL,
    external_id   TEXT,
    name          TEXT,
    email         TEXT,
    role          TEXT,
    client        TEXT,
    registered_on TEXT,
    created_at    INTEGER,
    last_seen_at  INTEGER,
    PRIMARY KEY (workspace_id, contact_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE coaches (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    admin_id     TEXT NOT NULL,
    name         TEXT,
    email        TEXT,
    PRIMARY KEY (workspace_id, admin_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    workspace_id    TEXT NOT NULL REFERENCES workspaces,
    conversation_id TEXT NOT NULL,
    -- Place of the contact in the conversation; 0 is the first.
    position        INTEGER NOT NULL,
    contact_id      TEXT NOT NULL,
    coach_id        TEXT,
    channel         TEXT NOT NULL,
    source          TEXT,
    session_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE facts (
    workspace_id        TEXT NOT NULL REFERENCES workspaces,
    contact_id          TEXT NOT NULL,
    conversation_id     TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    is_open             INTEGER NOT NULL,
    rating              INTEGER,
    cancel_mentioned_at INTEGER,
    PRIMARY KEY (workspace_id, contact_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_conversation ON facts (workspace_id, conversation_id);

-- The contacts that stand for a customer, by the e-mail that identifies the customer.
CREATE TABLE customer_contacts (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    contact_id   TEXT NOT NULL,
    email        TEXT NOT NULL,
    role_rank    INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    profile      TEXT NOT NULL,
    PRIMARY KEY (workspace_id, contact_id)
) STRICT;
CREATE INDEX customer_contacts_email ON customer_contacts (workspace_id, email);

-- Customers to compute again. Marked in the transaction that projects, cleared in the one that
-- writes the customer, and only where the mark is still the one that was read.
CREATE TABLE dirty_customers (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    email        TEXT NOT NULL,
    mark         INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, email)
) STRICT, WITHOUT ROWID;
