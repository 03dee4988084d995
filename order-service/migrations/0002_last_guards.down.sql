alter table orders drop constraint orders_arrived_have_left;
drop trigger order_events_only_grow on order_events;
drop function order_events_only_grow();
