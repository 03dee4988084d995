-- An archived product frees its SKU.
alter table products drop constraint products_sku;
create unique index products_sku on products (seller_id, sku) where status <> 'archived';

-- Prices are sorted within one currency.
drop index products_price;
drop index products_category_price;
drop index products_seller_price;
create index products_price          on products (price_currency, price_amount, id) where status = 'active';
create index products_category_price on products (category_id, status, price_currency, price_amount, id);
create index products_seller_price   on products (seller_id, price_currency, price_amount, id);
