-- Append-only, because none of it can be fetched again.

-- The state of a customer after every change of a tracked value.
CREATE TABLE customer_history (
    workspace_id        TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    email               TEXT COLLATE "C" NOT NULL,
    change_number       BIGINT NOT NULL,
    observed_at         BIGINT NOT NULL,
    -- False when no contact has the e-mail any more.
    is_present          BOOLEAN NOT NULL,
    currency            TEXT,
    currency_exponent   BIGINT,
    mrr                 BIGINT,
    arr                 BIGINT,
    ltv                 BIGINT,
    plan_name           TEXT,
    plan_price          BIGINT,
    subscription_status TEXT,
    subscription_count  BIGINT,
    is_delinquent       BOOLEAN,
    mentioned_cancel    BOOLEAN,
    PRIMARY KEY (workspace_id, email, change_number)
);

-- Values are JSON; NULL = the attribute was absent.
CREATE TABLE attribute_history (
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    contact_id    TEXT COLLATE "C" NOT NULL,
    attribute     TEXT COLLATE "C" NOT NULL,
    change_number BIGINT NOT NULL,
    observed_at   BIGINT NOT NULL,
    old_value     TEXT,
    new_value     TEXT,
    run_id        BIGINT,
    PRIMARY KEY (workspace_id, contact_id, attribute, change_number)
);

-- How many members stood in each bucket of a report on a day (yyyy-mm-dd).
CREATE TABLE bucket_history (
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    report       TEXT COLLATE "C" NOT NULL,
    day          TEXT COLLATE "C" NOT NULL,
    bucket       TEXT COLLATE "C" NOT NULL,
    n_members    BIGINT NOT NULL,
    observed_at  BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, report, day, bucket)
);

-- Billed months (yyyy-mm) as they were computed; computing one again adds a revision.
CREATE TABLE billing_months (
    workspace_id         TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    month                TEXT COLLATE "C" NOT NULL,
    revision             BIGINT NOT NULL,
    contact_id           TEXT COLLATE "C" NOT NULL,
    name                 TEXT,
    email                TEXT COLLATE "C",
    client               TEXT,
    registered_on        TEXT,
    last_session_at      BIGINT,
    is_new_participant   BIGINT NOT NULL,
    engaged_during_month BOOLEAN NOT NULL,
    computed_at          BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, month, revision, contact_id)
);
