-- What is low already. In a transaction of its own, which stops nobody while it reads the table: it locks the rows that it takes over, in the
-- order that all lock them in, so that the triggers of 0005 see every change from then on.
insert into low_stock (product_id, warehouse_id)
select product_id, warehouse_id from stock where on_hand - reserved < 10
order by product_id, warehouse_id for no key update
on conflict do nothing;
