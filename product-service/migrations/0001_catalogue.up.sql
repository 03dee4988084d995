-- The catalogue: categories, products, and the replies to requests with an Idempotency-Key.

create table categories (
    id         uuid        primary key,
    name       text        not null check (name <> ''),
    version    int         not null default 1,
    created_at timestamptz not null default now()
);
create unique index categories_name on categories (lower(name));

create table products (
    id             uuid        primary key, -- UUIDv7: ids grow with time, so "newest" is the order of ids
    seller_id      uuid        not null,
    sku            text        not null,
    name           text        not null check (name <> ''),
    description    text        not null,
    price_amount   bigint      not null check (price_amount > 0), -- minor units
    price_currency text        not null check (price_currency ~ '^[A-Z]{3}$'),
    category_id    uuid        constraint products_category references categories (id),
    status         text        not null check (status in ('draft', 'active', 'archived')),
    attributes     jsonb       not null default '{}',
    version        int         not null default 1,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    constraint products_sku unique (seller_id, sku)
);

-- Each list is read from the index in its order; the last column makes the order total, for keyset pages.
create index products_newest          on products (id) where status = 'active';
create index products_price           on products (price_amount, id) where status = 'active';
create index products_category_newest on products (category_id, status, id);
create index products_category_price  on products (category_id, status, price_amount, id);
create index products_seller_newest   on products (seller_id, id);
create index products_seller_price    on products (seller_id, price_amount, id);

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
