-- Fails while a seller has two products with one SKU: archived ones have to be renamed first.
drop index products_sku;
alter table products add constraint products_sku unique (seller_id, sku);
drop index products_price;
drop index products_category_price;
drop index products_seller_price;
create index products_price          on products (price_amount, id) where status = 'active';
create index products_category_price on products (category_id, status, price_amount, id);
create index products_seller_price   on products (seller_id, price_amount, id);
