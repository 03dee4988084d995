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

create table warehouses (
    id         uuid        primary key,
    code       text        not null constraint warehouses_code unique,
    name       text        not null,
    created_at timestamptz not null default now(),
    version    int         not null default 1
);

-- What lies in a warehouse and what of it is promised. Rows are changed by deltas under their locks, taken in the order of
-- the primary key; the check is the last guard against selling what is not there.
create table stock (
    product_id   uuid   not null,
    warehouse_id uuid   not null references warehouses (id),
    on_hand      bigint not null default 0,
    reserved     bigint not null default 0,
    version      bigint not null default 1,
    primary key (product_id, warehouse_id),
    constraint stock_bounds check (on_hand >= 0 and reserved >= 0 and reserved <= on_hand)
) with (fillfactor = 50); -- updated all the time and never in an indexed column: the new row version stays on the page
create index stock_by_warehouse on stock (warehouse_id, product_id);

-- What the warehouse does about each order. Everything about an order is decided under its row's lock.
create table fulfilments (
    order_id    uuid        primary key,
    status      text        not null default 'none' check (status in
        ('none', 'reserved', 'rejected', 'released', 'allocated', 'dispatched')),
    deadline_at timestamptz,
    ship_to     bytea,
    created_at  timestamptz not null default now(),
    version     int         not null default 0
) with (fillfactor = 80);
-- What the order should have released or confirmed by now: shown and alerted on, never acted upon.
create index fulfilments_overdue on fulfilments (deadline_at) where status = 'reserved';

create table reservations (
    order_id     uuid   not null references fulfilments (order_id),
    product_id   uuid   not null,
    warehouse_id uuid   not null,
    quantity     bigint not null check (quantity > 0),
    status       text   not null check (status in ('active', 'released', 'sold')),
    primary key (order_id, product_id, warehouse_id)
) with (fillfactor = 80);

create table shipments (
    id              uuid        primary key,
    order_id        uuid        not null references fulfilments (order_id),
    number          int         not null,
    of              int         not null,
    warehouse_id    uuid        not null,
    status          text        not null check (status in ('pending', 'dispatched', 'delivered', 'cancelled')),
    tracking_number text        not null default '',
    created_at      timestamptz not null default now(),
    dispatched_at   timestamptz,
    delivered_at    timestamptz,
    unique (order_id, number),
    check (number between 1 and of)
) with (fillfactor = 80);
create index shipments_by_status on shipments (status, id);

-- The ledger behind on hand: rows are only added.
create table movements (
    id           bigint      generated always as identity primary key,
    product_id   uuid        not null,
    warehouse_id uuid        not null,
    quantity     bigint      not null check (quantity <> 0),
    kind         text        not null check (kind in ('supply', 'sale', 'adjustment')),
    ref          text        not null,
    created_at   timestamptz not null default now()
);
create index movements_by_product on movements (product_id, id);
create index movements_by_warehouse on movements (warehouse_id, id);

create table supplies (
    id           uuid        primary key,
    warehouse_id uuid        not null constraint supplies_warehouse references warehouses (id),
    supplier     text        not null,
    expected_at  timestamptz,
    status       text        not null check (status in ('expected', 'partially_received', 'received', 'cancelled')),
    created_at   timestamptz not null,
    version      int         not null
);
create index supplies_by_status on supplies (status, id);
create index supplies_by_warehouse on supplies (warehouse_id, id);

create table supply_lines (
    supply_id  uuid   not null references supplies (id),
    product_id uuid   not null,
    position   int    not null,
    ordered    bigint not null check (ordered > 0),
    received   bigint not null default 0,
    primary key (supply_id, product_id),
    check (received between 0 and ordered)
);
