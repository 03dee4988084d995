drop table supply_lines, supplies, movements, shipments, reservations, fulfilments, stock, warehouses,
    idempotency_keys, parked, inbox, outbox;
drop function idempotency_claim(text);
