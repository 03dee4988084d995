-- A marketplace in which every invariant holds: one order that is confirmed (…01), one that was cancelled after it was
-- paid (…02), and one that was delivered (…03); what each left in every service, at the broker's ends and at the processor.
-- An id begins with what it is: a order, b product, c warehouse, d payment, e user, f message.

insert into user_service.users (id, email, name, password_hash, roles, status, version, created_at)
values ('e0000000-0000-7000-8000-000000000001', 'ada@example.com', 'Ada', '$argon2id$', '{customer}', 'active', 1, now());
insert into user_service.sessions (id, user_id, generation, refresh_hash, created_at, rotated_at, expires_at, user_agent, address)
select ('e1000000-0000-7000-8000-00000000000' || n)::uuid, 'e0000000-0000-7000-8000-000000000001', 1, sha256(n::text::bytea),
    now(), now(), now() + interval '1 day', '', ''
from generate_series(1, 2) n;

insert into order_service.orders (id, number, customer_id, status, payment_status, total_amount, currency, refunded_amount, cancel_reason,
    shipments, shipments_left, shipments_arrived, address, payment_method, placed_at, deadline_at, version)
values
    ('a0000000-0000-7000-8000-000000000001', '1', 'e0000000-0000-7000-8000-000000000001', 'confirmed', 'captured', 1000, 'USD', 0, null,
        0, '{}', '{}', '{}', 'pm_card_visa', now(), now() + interval '15 min', 3),
    ('a0000000-0000-7000-8000-000000000002', '2', 'e0000000-0000-7000-8000-000000000001', 'cancelled', 'refunded', 1000, 'USD', 1000, '{"code":"cancelled_by_customer"}',
        0, '{}', '{}', '{}', 'pm_card_visa', now(), now() + interval '15 min', 6),
    ('a0000000-0000-7000-8000-000000000003', '3', 'e0000000-0000-7000-8000-000000000001', 'delivered', 'captured', 1000, 'USD', 0, null,
        1, '{1}', '{1}', '{}', 'pm_card_visa', now(), now() + interval '15 min', 5);
insert into order_service.order_items (order_id, product_id, position, sku, name, seller_id, quantity, unit_amount, total_amount)
select id, 'b0000000-0000-7000-8000-000000000001', 1, 'L', 'Lamp', '', 2, 500, 1000 from order_service.orders;
insert into order_service.order_events (order_id, seq, type, data, source, trace_id, occurred_at)
select ('a0000000-0000-7000-8000-00000000000' || order_number)::uuid, seq, type, '{}', 'test', '', now()
from (values
    (1, 1, 'order.placed'), (1, 2, 'stock.reserved'), (1, 3, 'order.confirmed'),
    (2, 1, 'order.placed'), (2, 2, 'stock.reserved'), (2, 3, 'order.confirmed'), (2, 4, 'order.cancel_requested'),
    (2, 5, 'order.cancelled'), (2, 6, 'payment.refunded'),
    (3, 1, 'order.placed'), (3, 2, 'stock.reserved'), (3, 3, 'order.confirmed'), (3, 4, 'shipment.dispatched'), (3, 5, 'shipment.delivered')
) as events (order_number, seq, type);

insert into warehouse_service.warehouses (id, code, name) values ('c0000000-0000-7000-8000-000000000001', 'LON', 'London');
insert into warehouse_service.stock (product_id, warehouse_id, on_hand, reserved)
values ('b0000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', 8, 2);
insert into warehouse_service.movements (product_id, warehouse_id, quantity, kind, ref)
values ('b0000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', 10, 'supply', 'supply'),
    ('b0000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', -2, 'sale', 'a0000000-0000-7000-8000-000000000003');
insert into warehouse_service.fulfilments (order_id, status)
values ('a0000000-0000-7000-8000-000000000001', 'allocated'), ('a0000000-0000-7000-8000-000000000002', 'released'),
    ('a0000000-0000-7000-8000-000000000003', 'dispatched');
insert into warehouse_service.reservations (order_id, product_id, warehouse_id, quantity, status)
select order_id, 'b0000000-0000-7000-8000-000000000001', 'c0000000-0000-7000-8000-000000000001', 2,
    case status when 'allocated' then 'active' when 'released' then 'released' else 'sold' end
from warehouse_service.fulfilments;

insert into payment_service.payments (id, order_id, customer_id, amount, currency, method, state, captured_amount, refunded_amount, marked_at)
select ('d0000000-0000-7000-8000-00000000000' || number)::uuid, id, customer_id, total_amount, currency, payment_method, 'captured', total_amount, refunded_amount, now()
from order_service.orders;
insert into payment_service.refunds (id, payment_id, cause, amount, currency, status)
values ('d1000000-0000-7000-8000-000000000002', 'd0000000-0000-7000-8000-000000000002', 'order', 1000, 'USD', 'done');
insert into sandbox.intents (id, client_secret, amount, currency, status, metadata, created_at)
select 'pi_' || number, '', total_amount, 'usd', 'succeeded',
    jsonb_build_object('order_id', id, 'payment_id', 'd0000000-0000-7000-8000-00000000000' || number), now()
from order_service.orders;
insert into sandbox.charges (id, intent_id, amount, refunded, currency, paid, method, brand, last4, created_at)
select 'ch_' || number, 'pi_' || number, total_amount, refunded_amount, 'usd', true, '', '', '', now() from order_service.orders;

-- What the first order said and was told.
insert into order_service.outbox (id, type, subject, body, headers, occurred_at, sent_at)
values ('f0000000-0000-7000-8000-000000000001', 'order.placed', '', '', '{}', now(), now()),
    ('f0000000-0000-7000-8000-000000000004', 'order.confirmed', '', '', '{}', now(), now());
insert into warehouse_service.outbox (id, type, subject, body, headers, occurred_at, sent_at)
values ('f0000000-0000-7000-8000-000000000002', 'stock.reserved', '', '', '{}', now(), now());
insert into payment_service.outbox (id, type, subject, body, headers, occurred_at, sent_at)
values ('f0000000-0000-7000-8000-000000000003', 'payment.captured', '', '', '{}', now(), now());
insert into warehouse_service.inbox (consumer, message_id)
values ('warehouse.events.v1', 'f0000000-0000-7000-8000-000000000001'), ('warehouse.events.v1', 'f0000000-0000-7000-8000-000000000004');
insert into payment_service.inbox (consumer, message_id) values ('payment.events.v1', 'f0000000-0000-7000-8000-000000000002');
insert into order_service.inbox (consumer, message_id) values ('order.events.v1', 'f0000000-0000-7000-8000-000000000002');
insert into order_service.parked (consumer, message_id, type, source, subject, body, headers, attempts, reason)
values ('order.events.v1', 'f0000000-0000-7000-8000-000000000003', 'payment.captured', '', '', '', '{}', 1, 'tried alone');

insert into order_service.idempotency_keys (user_id, route, key, body_hash, status, header, body)
select 'e0000000-0000-7000-8000-000000000001', 'POST /orders', k, '', 201, '{}', '{}' from unnest(array['k1', 'k2']) k;
