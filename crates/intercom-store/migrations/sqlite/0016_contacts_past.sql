-- The past of a contact, whatever addresses it had.
CREATE INDEX customer_history_contact
    ON customer_history (workspace_id, intercom_contact_id, change_number);
