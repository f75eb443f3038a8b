-- Rows of other writers whose e-mail has capitals, which ours never has: few, if any. Only they are found
-- by it.
CREATE INDEX unified_customers_other_case ON unified_customers (workspace_id, LOWER(email))
    WHERE email <> LOWER(email);
