-- Events of committed work. A row is written in the transaction of the work and published after it.
create table outbox (
    id          uuid primary key,
    type        text        not null,
    subject     text        not null,
    body        bytea       not null,
    headers     jsonb       not null,
    occurred_at timestamptz not null,
    -- Until then the process that committed the row publishes it from memory; afterwards any replica's sweep does.
    retry_at    timestamptz not null default now() + interval '5 seconds',
    sent_at     timestamptz
);
create index outbox_unsent on outbox (retry_at) where sent_at is null;
