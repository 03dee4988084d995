-- What shoppers see of a seller, without reading past the archived products, which a seller has more and more of.
create index products_seller_active       on products (seller_id, id) where status = 'active';
create index products_seller_active_price on products (seller_id, price_currency, price_amount, id) where status = 'active';
