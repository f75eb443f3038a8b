-- Only customers that pay are ranked and added up; most customers do not.
DROP INDEX intercom_customers_mrr;
CREATE INDEX intercom_customers_mrr ON intercom_customers (workspace_id, currency, mrr)
    WHERE mrr IS NOT NULL;

-- Bodies are compressed when they are written, each about once; LZ4 takes a fraction of the time.
-- A server that was built without it, or is older than version 14, keeps its own way.
DO $$
DECLARE
    bodies TEXT;
BEGIN
    FOREACH bodies IN ARRAY ARRAY[
        'contact_bodies', 'conversation_bodies', 'conversation_part_bodies', 'company_bodies'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN body SET COMPRESSION lz4', bodies);
    END LOOP;
EXCEPTION
    WHEN feature_not_supported OR syntax_error OR invalid_parameter_value THEN NULL;
END
$$;
