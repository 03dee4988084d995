DROP FUNCTION idempotency_claim(text);
DROP TABLE idempotency_keys;
