-- Guards behind the code: what happened stays as it happened, and no shipment arrives that has not left.
create function order_events_only_grow() returns trigger language plpgsql as $$
begin
    raise exception 'what happened is never changed' using errcode = 'restrict_violation';
end $$;
create trigger order_events_only_grow before update or delete or truncate on order_events
    for each statement execute function order_events_only_grow();

alter table orders add constraint orders_arrived_have_left check (shipments_arrived <@ shipments_left);
