-- The random key by which a session recognises its own old refresh tokens, whatever JWT_SECRET is by then. It cannot make a token.
-- Sessions from before get one when they are refreshed next.
alter table sessions add column token_key bytea check (octet_length(token_key) = 32);
