-- Whether goods have left, and what the cardholder's bank has begun.
alter table payments
    add column dispatched    boolean not null default false,
    add column dispute_id    text,
    add column dispute_state text check (dispute_state in ('open', 'won', 'lost')),
    add constraint payments_dispute check ((dispute_id is null) = (dispute_state is null));

-- A refund may wait for a second person, and one that was tried often enough for any. Reason is for the customer, note for the
-- staff. Each carries the trace of what caused it.
alter table refunds
    add column note         text not null default '',
    add column trace        text not null default '',
    add column asked_by     uuid, -- a member of the staff
    add column confirmed_by uuid,
    drop constraint refunds_status_check,
    drop constraint refunds_check1,
    add constraint refunds_status check (status in ('awaiting_confirmation', 'rejected', 'pending', 'done', 'failed', 'needs_attention')),
    add constraint refunds_failure check (status <> 'failed' or failure_code is not null),
    add constraint refunds_four_eyes check (confirmed_by <> asked_by);
create index refunds_by_asker on refunds (asked_by, created_at) where asked_by is not null;
create index refunds_waiting on refunds (status) where status in ('awaiting_confirmation', 'needs_attention');

-- What people did about refunds, in the transaction of what it did. It only grows.
create table refund_acts (
    id         uuid        primary key,
    refund_id  uuid        not null references refunds (id),
    act        text        not null check (act in ('asked', 'confirmed', 'rejected', 'done', 'retry', 'abandon')),
    actor      text        not null, -- a user's id, or operator:NAME for a command
    note       text        not null default '',
    at         timestamptz not null default now()
);
create index refund_acts_by_refund on refund_acts (refund_id, at);
create function refund_acts_only_grow() returns trigger language plpgsql as $$
begin
    raise exception 'what people did is not changed' using errcode = 'restrict_violation';
end $$;
create trigger refund_acts_only_grow before update or delete or truncate on refund_acts
    for each statement execute function refund_acts_only_grow();
