-- The tables of the shared mechanisms, as shared/outbox, shared/inbox and shared/idempotency publish them.
-- Events of committed work. A row is written in the transaction of the work and published after it.
create table outbox (
    id          uuid primary key,
    type        text        not null,
    subject     text        not null,
    body        bytea       not null,
    headers     jsonb       not null,
    occurred_at timestamptz not null,
    -- Until then the process that committed the row publishes it from memory; afterwards any replica's sweep does.
    retry_at    timestamptz not null default now() + interval '5 seconds',
    sent_at     timestamptz
);
create index outbox_unsent on outbox (retry_at) where sent_at is null;

-- Messages whose effect is committed: a row is written in the transaction of the effect.
create table inbox (
    consumer    text        not null,
    message_id  uuid        not null,
    received_at timestamptz not null default now(),
    primary key (consumer, message_id)
);

-- Messages that could not be handled at once. Each try is counted before it is made.
create table parked (
    consumer    text        not null,
    message_id  uuid        not null,
    type        text        not null,
    source      text        not null,
    subject     text        not null,
    body        bytea       not null,
    headers     jsonb       not null,
    occurred_at timestamptz,
    attempts    int         not null,
    next_at     timestamptz not null default now(),
    status      text        not null default 'waiting' check (status in ('waiting', 'dead', 'done', 'dropped')),
    reason      text        not null,
    parked_at   timestamptz not null default now(),
    primary key (consumer, message_id)
);
create index parked_waiting on parked (consumer, next_at) where status = 'waiting';
create index parked_dead on parked (consumer, parked_at) where status = 'dead';

-- Replies to requests with an Idempotency-Key, written in the transaction of their effect.
create table idempotency_keys (
    user_id    text        not null,
    route      text        not null,
    key        text        not null,
    body_hash  bytea       not null,
    status     int         not null,
    header     jsonb       not null,
    body       bytea       not null,
    created_at timestamptz not null default now(),
    primary key (user_id, route, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);

-- Takes the key's lock until the transaction ends, or raises MK409 when another transaction has it.
create function idempotency_claim(claim text) returns void language plpgsql as $$
begin
    if not pg_try_advisory_xact_lock(hashtextextended(current_schema() || claim, 0)) then
        raise exception 'the request is in progress' using errcode = 'MK409';
    end if;
end $$;

-- The payment of each order: one row, so one charge. Keys of calls are derived from the id: pay_<id>.
create table payments (
    id               uuid        primary key,
    order_id         uuid        not null unique,
    customer_id      uuid,       -- unknown when all that was heard of the order is that it ended
    amount           bigint      not null check (amount > 0),
    currency         text        not null,
    method           text        not null,
    state            text        not null check (state in
        ('processing', 'called', 'requires_action', 'voiding', 'captured', 'failed', 'voided')),
    unwanted         boolean     not null default false,
    uncertain        boolean     not null default false,
    intent_id        text,
    brand            text        not null default '',
    last4            text        not null default '',
    failure_code     text,
    failure_message  text,
    captured_amount  bigint      not null default 0 check (captured_amount >= 0),
    refunded_amount  bigint      not null default 0 check (refunded_amount >= 0),
    refunding_amount bigint      not null default 0 check (refunding_amount >= 0),
    -- The queue: when somebody has to ask the processor next. Whoever does moves it on first, as a lease.
    next_at          timestamptz,
    calls            int         not null default 0, -- in this state
    marked_at        timestamptz,                    -- the first attempt: from then on money may have moved
    trace            text        not null default '',
    version          int         not null default 1,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    constraint payments_marked_before_called check (state in ('processing', 'voided') or marked_at is not null),
    constraint payments_captured check ((state = 'captured') = (captured_amount > 0)),
    constraint payments_refunds_within_capture check (refunded_amount + refunding_amount <= captured_amount)
) with (fillfactor = 80);
create index payments_due on payments (next_at) where next_at is not null;
create index payments_by_customer on payments (customer_id, id desc);

-- Money on its way back: one row per cause, with a key of its own: ref_<id>.
create table refunds (
    id                 uuid        primary key,
    payment_id         uuid        not null references payments (id),
    cause              text        not null,
    amount             bigint      not null check (amount > 0),
    currency           text        not null,
    status             text        not null check (status in ('pending', 'done', 'failed')),
    reason             text        not null default '',
    provider_refund_id text        not null default '',
    failure_code       text,
    failure_message    text,
    next_at            timestamptz,
    calls              int         not null default 0,
    called_at          timestamptz,
    created_at         timestamptz not null default now(),
    settled_at         timestamptz,
    unique (payment_id, cause),
    check ((status = 'pending') = (next_at is not null)),
    check ((status = 'failed') = (failure_code is not null))
);
create index refunds_due on refunds (next_at) where next_at is not null;

-- What moved. It only grows; the sum of a payment's lines is the money that is here.
create table ledger (
    id         uuid        primary key,
    payment_id uuid        not null references payments (id),
    kind       text        not null check (kind in ('charge', 'refund')),
    amount     bigint      not null check ((kind = 'charge' and amount > 0) or (kind = 'refund' and amount < 0)),
    currency   text        not null,
    ref        text        not null default '', -- the refund's cause
    at         timestamptz not null default now(),
    unique (payment_id, kind, ref) -- one charge, and each refund once
);
create function ledger_only_grows() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger only grows' using errcode = 'restrict_violation';
end $$;
create trigger ledger_only_grows before update or delete or truncate on ledger
    for each statement execute function ledger_only_grows();

-- Webhooks that were heard, each once.
create table webhooks (
    event_id    text        primary key,
    type        text        not null,
    payment_id  uuid,
    intent_id   text        not null,
    refund_id   uuid,
    occurred_at timestamptz not null,
    received_at timestamptz not null default now()
);
create index webhooks_received_at on webhooks (received_at);
