-- Append-only, because none of it can be fetched again.

-- The state of a customer after every change of a tracked value.
CREATE TABLE customer_history (
    workspace_id        TEXT NOT NULL REFERENCES workspaces,
    email               TEXT NOT NULL,
    change_number       INTEGER NOT NULL,
    observed_at         INTEGER NOT NULL,
    -- 0 = no contact has the e-mail any more.
    is_present          INTEGER NOT NULL,
    currency            TEXT,
    currency_exponent   INTEGER,
    mrr                 INTEGER,
    arr                 INTEGER,
    ltv                 INTEGER,
    plan_name           TEXT,
    plan_price          INTEGER,
    subscription_status TEXT,
    subscription_count  INTEGER,
    is_delinquent       INTEGER,
    mentioned_cancel    INTEGER,
    PRIMARY KEY (workspace_id, email, change_number)
) STRICT, WITHOUT ROWID;

-- Values are JSON; NULL = the attribute was absent.
CREATE TABLE attribute_history (
    workspace_id  TEXT NOT NULL REFERENCES workspaces,
    contact_id    TEXT NOT NULL,
    attribute     TEXT NOT NULL,
    change_number INTEGER NOT NULL,
    observed_at   INTEGER NOT NULL,
    old_value     TEXT,
    new_value     TEXT,
    run_id        INTEGER,
    PRIMARY KEY (workspace_id, contact_id, attribute, change_number)
) STRICT, WITHOUT ROWID;

-- How many members stood in each bucket of a report on a day (yyyy-mm-dd).
CREATE TABLE bucket_history (
    workspace_id TEXT NOT NULL REFERENCES workspaces,
    report       TEXT NOT NULL,
    day          TEXT NOT NULL,
    bucket       TEXT NOT NULL,
    n_members    INTEGER NOT NULL,
    observed_at  INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, report, day, bucket)
) STRICT, WITHOUT ROWID;

-- Billed months (yyyy-mm) as they were computed; computing one again adds a revision.
CREATE TABLE billing_months (
    workspace_id         TEXT NOT NULL REFERENCES workspaces,
    month                TEXT NOT NULL,
    revision             INTEGER NOT NULL,
    contact_id           TEXT NOT NULL,
    name                 TEXT,
    email                TEXT,
    client               TEXT,
    registered_on        TEXT,
    last_session_at      INTEGER,
    is_new_participant   INTEGER NOT NULL,
    engaged_during_month INTEGER NOT NULL,
    computed_at          INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, month, revision, contact_id)
) STRICT, WITHOUT ROWID;
