ALTER TABLE charges DROP COLUMN dispute_id, DROP COLUMN dispute_status, DROP COLUMN disputed_at;
