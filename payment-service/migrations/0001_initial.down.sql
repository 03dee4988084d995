drop table webhooks, ledger, refunds, payments, idempotency_keys, parked, inbox, outbox;
drop function ledger_only_grows;
drop function idempotency_claim;
