-- What the bodies say, rewritten whenever a body or the projection's version changes.

CREATE TABLE members (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    contact_id    TEXT COLLATE "C" NOT NULL,
    external_id   TEXT,
    name          TEXT,
    email         TEXT COLLATE "C",
    role          TEXT,
    client        TEXT,
    registered_on TEXT,
    created_at    BIGINT,
    last_seen_at  BIGINT,
    PRIMARY KEY (workspace_id, contact_id)
);

CREATE TABLE coaches (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    admin_id     TEXT COLLATE "C" NOT NULL,
    name         TEXT,
    email        TEXT COLLATE "C",
    PRIMARY KEY (workspace_id, admin_id)
);

CREATE TABLE sessions (
    workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    conversation_id TEXT COLLATE "C" NOT NULL,
    -- Place of the contact in the conversation; 0 is the first.
    position        BIGINT NOT NULL,
    contact_id      TEXT COLLATE "C" NOT NULL,
    coach_id        TEXT,
    channel         TEXT NOT NULL,
    source          TEXT,
    session_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, position)
);

CREATE TABLE facts (
    workspace_id        TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    contact_id          TEXT COLLATE "C" NOT NULL,
    conversation_id     TEXT COLLATE "C" NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    is_open             BOOLEAN NOT NULL,
    rating              BIGINT,
    cancel_mentioned_at BIGINT,
    PRIMARY KEY (workspace_id, contact_id, conversation_id)
);
CREATE INDEX facts_conversation ON facts (workspace_id, conversation_id);

-- The contacts that stand for a customer, by the e-mail that identifies the customer.
CREATE TABLE customer_contacts (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    contact_id   TEXT COLLATE "C" NOT NULL,
    email        TEXT COLLATE "C" NOT NULL,
    role_rank    BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    profile      TEXT NOT NULL,
    PRIMARY KEY (workspace_id, contact_id)
);
CREATE INDEX customer_contacts_email ON customer_contacts (workspace_id, email);

-- Customers to compute again. Marked in the transaction that projects, cleared in the one that
-- writes the customer, and only where the mark is still the one that was read.
CREATE TABLE dirty_customers (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    email        TEXT COLLATE "C" NOT NULL,
    mark         BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, email)
);
