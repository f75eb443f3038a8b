-- Whether a state was computed again by other rules: the customer itself may not have changed.
ALTER TABLE customer_history ADD COLUMN is_restated BOOLEAN NOT NULL DEFAULT FALSE;

-- When the rules changed that customers are being computed again by; NULL when all of them are.
ALTER TABLE projection_state ADD COLUMN restating_since BIGINT;

-- The digest of the exchange rates, which move without any rule changing.
ALTER TABLE projection_state ADD COLUMN exchange_rates TEXT;
