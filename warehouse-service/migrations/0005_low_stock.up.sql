-- The rows of stock of which few are available, kept where they can be listed in order. An index on stock itself would have to hold on_hand and
-- reserved, which change with every order: then no new version of a row could stay on its page (HOT), and every update would write to
-- every index. The threshold is that of the API, domain.LowStock.
create table low_stock (
    product_id   uuid not null,
    warehouse_id uuid not null,
    primary key (product_id, warehouse_id)
);
create index low_stock_by_warehouse on low_stock (warehouse_id, product_id);

-- The writer has locked the row of stock, so that nobody else decides about its row here. It may be an operator, without a search path.
create function low_stock_kept() returns trigger language plpgsql set search_path from current as $$
begin
    if new.on_hand - new.reserved < 10 then
        insert into low_stock values (new.product_id, new.warehouse_id) on conflict do nothing;
    else
        delete from low_stock where product_id = new.product_id and warehouse_id = new.warehouse_id;
    end if;
    return null;
end $$;

-- The conditions are checked without a call of the function: only an update that crosses the threshold costs more than before.
create trigger stock_begins_low after insert on stock for each row
    when (new.on_hand - new.reserved < 10) execute function low_stock_kept();
create trigger stock_crosses_low after update on stock for each row
    when ((old.on_hand - old.reserved < 10) <> (new.on_hand - new.reserved < 10)) execute function low_stock_kept();
