-- What the processor knows. Money is in minor units, currencies are in lower case as on Stripe's wire.

CREATE TABLE intents (
    id             text PRIMARY KEY,
    client_secret  text NOT NULL,
    amount         bigint NOT NULL CHECK (amount > 0),
    currency       text NOT NULL,
    status         text NOT NULL,
    method         text NOT NULL DEFAULT '',
    customer       text NOT NULL DEFAULT '',
    description    text NOT NULL DEFAULT '',
    return_url     text NOT NULL DEFAULT '',
    off_session    boolean NOT NULL DEFAULT false,
    metadata       jsonb NOT NULL DEFAULT '{}',
    payment_id     text GENERATED ALWAYS AS (metadata ->> 'payment_id') STORED,
    order_id       text GENERATED ALWAYS AS (metadata ->> 'order_id') STORED,
    last_error     jsonb,
    cancel_reason  text NOT NULL DEFAULT '',
    canceled_at    timestamptz,
    created_at     timestamptz NOT NULL,
    settle_at      timestamptz,
    charge_id      text
);
CREATE INDEX intents_created ON intents (created_at, id);
CREATE INDEX intents_payment ON intents (payment_id);
CREATE INDEX intents_settle ON intents (settle_at) WHERE settle_at IS NOT NULL;

CREATE TABLE charges (
    id          text PRIMARY KEY,
    intent_id   text NOT NULL REFERENCES intents,
    amount      bigint NOT NULL CHECK (amount > 0),
    refunded    bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
    currency    text NOT NULL,
    paid        boolean NOT NULL,
    method      text NOT NULL,
    brand       text NOT NULL,
    last4       text NOT NULL,
    failure     jsonb,
    created_at  timestamptz NOT NULL
);
-- An intent takes money once, whatever the code above thinks.
CREATE UNIQUE INDEX charges_paid_once ON charges (intent_id) WHERE paid;

CREATE TABLE refunds (
    id              text PRIMARY KEY,
    intent_id       text NOT NULL REFERENCES intents,
    charge_id       text NOT NULL REFERENCES charges,
    amount          bigint NOT NULL CHECK (amount > 0),
    currency        text NOT NULL,
    status          text NOT NULL,
    reason          text NOT NULL DEFAULT '',
    failure_reason  text NOT NULL DEFAULT '',
    metadata        jsonb NOT NULL DEFAULT '{}',
    refund_id       text GENERATED ALWAYS AS (metadata ->> 'refund_id') STORED,
    created_at      timestamptz NOT NULL,
    settle_at       timestamptz
);
CREATE INDEX refunds_intent ON refunds (intent_id, created_at);
CREATE INDEX refunds_settle ON refunds (settle_at) WHERE settle_at IS NOT NULL;

-- The reply of the first request with a key, written in the transaction of its effect.
CREATE TABLE idempotency_keys (
    key          text PRIMARY KEY,
    fingerprint  bytea NOT NULL,
    request_id   text NOT NULL,
    status       integer NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- The queue of webhooks, written in the transaction of what they tell about.
CREATE TABLE events (
    id            text PRIMARY KEY,
    type          text NOT NULL,
    intent_id     text NOT NULL,
    payload       bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,
    copies        integer NOT NULL DEFAULT 1,
    held          boolean NOT NULL DEFAULT false,
    attempts      integer NOT NULL DEFAULT 0,
    last_failure  text NOT NULL DEFAULT '',
    closed_at     timestamptz
);
CREATE INDEX events_due ON events (next_at) WHERE closed_at IS NULL;
CREATE INDEX events_closed ON events (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX events_held ON events (intent_id) WHERE held AND closed_at IS NULL;
