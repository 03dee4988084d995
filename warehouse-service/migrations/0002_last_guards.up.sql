-- Guards behind the code: what is sold leaves once, and the ledger only grows, in the direction that its kind says.
create unique index movements_sold_once on movements (ref, product_id, warehouse_id) where kind = 'sale';
alter table movements add constraint movements_direction check (
    (kind = 'sale' and quantity < 0) or (kind = 'supply' and quantity > 0) or kind = 'adjustment');
create function movements_only_grow() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger only grows' using errcode = 'restrict_violation';
end $$;
create trigger movements_only_grow before update or delete or truncate on movements
    for each statement execute function movements_only_grow();

-- The ledger of a day long ago, without reading all days since.
create index movements_by_time on movements (created_at);
