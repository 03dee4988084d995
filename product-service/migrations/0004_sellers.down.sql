drop index products_seller_active;
drop index products_seller_active_price;
