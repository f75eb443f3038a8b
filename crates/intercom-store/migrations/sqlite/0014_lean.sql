-- Only customers that pay are ranked and added up; most customers do not.
DROP INDEX intercom_customers_mrr;
CREATE INDEX intercom_customers_mrr ON intercom_customers (workspace_id, currency, mrr)
    WHERE mrr IS NOT NULL;
