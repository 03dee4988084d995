drop table order_items, orders, order_events, idempotency_keys, parked, inbox, outbox;
drop sequence order_numbers;
drop function idempotency_claim(text);
