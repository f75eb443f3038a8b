-- How quickly the customer was helped, as the conversation's own statistics say; seconds. NULL = it
-- has not happened, or nobody measured it.
ALTER TABLE facts ADD COLUMN first_reply_for BIGINT;
ALTER TABLE facts ADD COLUMN first_close_for BIGINT;
ALTER TABLE facts ADD COLUMN last_close_for BIGINT;
ALTER TABLE facts ADD COLUMN n_reopens BIGINT;
-- The words with which the customer spoke of leaving.
ALTER TABLE facts ADD COLUMN cancel_words TEXT;

-- Means over the conversations that have the figure; `reopens` is a sum. `mrr_by_currency` is a JSON
-- object of exact monthly smallest units, before conversion.
ALTER TABLE unified_customers ADD COLUMN first_response_seconds BIGINT;
ALTER TABLE unified_customers ADD COLUMN first_close_seconds BIGINT;
ALTER TABLE unified_customers ADD COLUMN last_close_seconds BIGINT;
ALTER TABLE unified_customers ADD COLUMN reopens BIGINT;
ALTER TABLE unified_customers ADD COLUMN mrr_by_currency TEXT;
ALTER TABLE intercom_customers ADD COLUMN first_response_seconds BIGINT;
ALTER TABLE intercom_customers ADD COLUMN first_close_seconds BIGINT;
ALTER TABLE intercom_customers ADD COLUMN last_close_seconds BIGINT;
ALTER TABLE intercom_customers ADD COLUMN reopens BIGINT;
ALTER TABLE intercom_customers ADD COLUMN mrr_by_currency TEXT;
-- The first instant at which the same rows may bring other figures.
ALTER TABLE intercom_customers ADD COLUMN figures_change_at BIGINT;

ALTER TABLE customer_history ADD COLUMN mrr_by_currency TEXT;
ALTER TABLE customer_history ADD COLUMN intercom_contact_id TEXT;
ALTER TABLE customer_history ADD COLUMN stripe_customer_id TEXT;

-- What the projected tables were made with: digests of the rules, and the last instant to which the
-- columns that move with the date were brought.
CREATE TABLE projection_state (
    workspace_id   TEXT COLLATE "C" NOT NULL REFERENCES workspaces,
    body_rules     TEXT,
    customer_rules TEXT,
    refreshed_at   BIGINT,
    PRIMARY KEY (workspace_id)
);
