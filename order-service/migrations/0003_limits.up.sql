-- Limits on what a customer holds without paying. Their open orders are counted when one more is placed.
create index orders_open on orders (customer_id) where status in ('pending', 'reserved');

-- Where the order was placed from, as limits count addresses. It is kept until the order is paid or has ended.
alter table orders add column client_network text;

-- Cards that were declined: a row is written in the transaction that cancels the order, and deleted when no limit counts it any more.
create table declines (
    order_id    uuid        primary key,
    customer_id uuid        not null,
    network     text, -- null for an order from before addresses were kept
    declined_at timestamptz not null
);
create index declines_by_customer on declines (customer_id, declined_at);
create index declines_by_network on declines (network, declined_at);
create index declines_by_time on declines (declined_at);
