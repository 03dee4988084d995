drop trigger stock_crosses_low on stock;
drop trigger stock_begins_low on stock;
drop function low_stock_kept();
drop table low_stock;
