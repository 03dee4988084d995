drop function idempotency_claim(text);
drop table idempotency_keys;
drop table products;
drop table categories;
