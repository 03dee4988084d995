-- Replies to requests with an Idempotency-Key, written in the transaction of their effect.
create table idempotency_keys (
    user_id    text        not null,
    route      text        not null,
    key        text        not null,
    body_hash  bytea       not null,
    status     int         not null,
    header     jsonb       not null,
    body       bytea       not null,
    created_at timestamptz not null default now(),
    primary key (user_id, route, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);

-- Takes the key's lock until the transaction ends, or raises MK409 when another transaction has it.
create function idempotency_claim(claim text) returns void language plpgsql as $$
begin
    if not pg_try_advisory_xact_lock(hashtextextended(current_schema() || claim, 0)) then
        raise exception 'the request is in progress' using errcode = 'MK409';
    end if;
end $$;
