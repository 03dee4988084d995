-- Messages whose effect is committed: a row is written in the transaction of the effect.
create table inbox (
    consumer    text        not null,
    message_id  uuid        not null,
    received_at timestamptz not null default now(),
    primary key (consumer, message_id)
);

-- Messages that could not be handled at once. Each try is counted before it is made.
create table parked (
    consumer    text        not null,
    message_id  uuid        not null,
    type        text        not null,
    source      text        not null,
    subject     text        not null,
    body        bytea       not null,
    headers     jsonb       not null,
    occurred_at timestamptz,
    attempts    int         not null,
    next_at     timestamptz not null default now(),
    status      text        not null default 'waiting' check (status in ('waiting', 'dead', 'done', 'dropped')),
    reason      text        not null,
    parked_at   timestamptz not null default now(),
    primary key (consumer, message_id)
);
create index parked_waiting on parked (consumer, next_at) where status = 'waiting';
create index parked_dead on parked (consumer, parked_at) where status = 'dead';
