-- How far the processor was asked about a payment, as the domain decides by it (domain.Asking).
alter table payments
    add column asked       boolean     not null default false, -- a task was given out, and its answer has not come
    add column again       boolean     not null default false, -- something happened that an answer under way may not know of
    add column find_cursor text        not null default '',    -- how far the search through the processor's list has come
    add column entered_at  timestamptz not null default now(); -- when it came into its state

-- Payments that an earlier version gave up on without an answer are still asked about.
update payments set again = true
where state in ('failed', 'voided') and next_at is not null;
