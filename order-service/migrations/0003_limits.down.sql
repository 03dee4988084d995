drop table declines;
alter table orders drop column client_network;
drop index orders_open;
