DROP TABLE events, idempotency_keys, refunds, charges, intents;
