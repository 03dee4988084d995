drop index movements_by_time;
drop trigger movements_only_grow on movements;
drop function movements_only_grow();
alter table movements drop constraint movements_direction;
drop index movements_sold_once;
