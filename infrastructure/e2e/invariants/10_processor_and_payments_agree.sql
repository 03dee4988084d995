-- quiet: each order was charged once at the processor, and both sides know the same charges and refunds.
WITH charged AS (
    SELECT intents.payment_id, intents.order_id, count(*) AS charges, sum(charges.amount) AS amount,
        sum(charges.refunded) AS refunded
    FROM sandbox.charges AS charges
    JOIN sandbox.intents AS intents ON intents.id = charges.intent_id
    WHERE charges.paid
    GROUP BY intents.payment_id, intents.order_id
)
SELECT coalesce(charged.order_id, payments.order_id::text) AS order_id, charged.charges, charged.amount, charged.refunded,
    payments.state, payments.captured_amount, payments.refunded_amount
FROM charged
FULL JOIN (SELECT * FROM payment_service.payments WHERE captured_amount > 0) AS payments
    ON payments.id::text = charged.payment_id
WHERE charged.charges IS DISTINCT FROM 1
   OR charged.amount IS DISTINCT FROM payments.captured_amount
   OR charged.refunded IS DISTINCT FROM payments.refunded_amount;
