-- The dispute of a charge: it has one at most here.
ALTER TABLE charges
    ADD COLUMN dispute_id     text NOT NULL DEFAULT '',
    ADD COLUMN dispute_status text NOT NULL DEFAULT '',
    ADD COLUMN disputed_at    timestamptz;
