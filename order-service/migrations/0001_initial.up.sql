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

-- Numbers that people say on the telephone. They are unique and grow; a gap means nothing.
create sequence order_numbers start 100001 cache 20;

-- What happened to each order, in sequence: the truth. The primary key is the last guard against two writers.
create table order_events (
    order_id    uuid        not null,
    seq         int         not null check (seq > 0),
    type        text        not null,
    data        jsonb       not null,
    source      text        not null,
    trace_id    text        not null,
    occurred_at timestamptz not null,
    primary key (order_id, seq)
);

-- The projection: each order as its events leave it. `order-service rebuild --check` compares the two.
create table orders (
    id                uuid        primary key,
    number            text        not null unique,
    customer_id       uuid        not null,
    status            text        not null check (status in
        ('pending', 'reserved', 'confirmed', 'cancelling', 'cancelled', 'partially_shipped', 'shipped', 'delivered')),
    payment_status    text        not null check (payment_status in
        ('processing', 'captured', 'partially_refunded', 'refunded', 'voided', 'failed')),
    total_amount      bigint      not null check (total_amount > 0),
    currency          text        not null,
    refunded_amount   bigint      not null default 0 check (refunded_amount >= 0),
    cancel_reason     jsonb,
    cancel_code       text        generated always as (cancel_reason ->> 'code') stored,
    shipments         int         not null default 0,
    shipments_left    int[]       not null default '{}',
    shipments_arrived int[]       not null default '{}',
    address           jsonb       not null,
    payment_method    text        not null,
    placed_at         timestamptz not null,
    deadline_at       timestamptz not null,
    version           int         not null check (version > 0),
    check ((status in ('cancelling', 'cancelled')) = (cancel_reason is not null))
) with (fillfactor = 80); -- an order changes a few times soon after it was placed: keep the new row beside the old
create index orders_by_customer on orders (customer_id, placed_at desc, id desc);
create index orders_by_time on orders (placed_at desc, id desc);
create index orders_by_status on orders (status, placed_at desc, id desc);
create index orders_by_deadline on orders (deadline_at) where status in ('pending', 'reserved');

create table order_items (
    order_id     uuid   not null references orders (id),
    product_id   uuid   not null,
    position     int    not null,
    sku          text   not null,
    name         text   not null,
    seller_id    text   not null,
    quantity     bigint not null check (quantity > 0),
    unit_amount  bigint not null check (unit_amount > 0),
    total_amount bigint not null check (total_amount = unit_amount * quantity),
    primary key (order_id, product_id)
);
