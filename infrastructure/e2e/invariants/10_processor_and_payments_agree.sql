-- quiet: each order was charged once at the processor, and both sides know the same charges and refunds, but for those that a
-- person gave back in another way, and those above the capture, which a person is told of and which are not booked. The
-- processor's amounts are in its own units: charge_amount of them are amount of ours.
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
FULL JOIN (
    SELECT payments.*, refunded_amount - (
        SELECT coalesce(sum(refunds.amount), 0)
        FROM payment_service.refunds AS refunds
        WHERE refunds.payment_id = payments.id AND refunds.status = 'done' AND refunds.provider_refund_id = ''
          AND EXISTS (SELECT FROM payment_service.refund_acts AS acts WHERE acts.refund_id = refunds.id AND acts.act IN ('outside', 'done'))) + (
        SELECT coalesce(sum(refunds.amount), 0)
        FROM payment_service.refunds AS refunds
        WHERE refunds.payment_id = payments.id AND refunds.cause LIKE 'external:%'
          AND (refunds.failure_code = 'above_capture' OR refunds.failure_code = 'abandoned')) AS by_processor
    FROM payment_service.payments AS payments WHERE captured_amount > 0
) AS payments
    ON payments.id::text = charged.payment_id
WHERE charged.charges IS DISTINCT FROM 1 OR payments.id IS NULL
   OR charged.amount * payments.amount::numeric IS DISTINCT FROM payments.captured_amount * coalesce(payments.charge_amount, payments.amount)::numeric
   OR charged.refunded * payments.amount::numeric
      IS DISTINCT FROM payments.by_processor * coalesce(payments.charge_amount, payments.amount)::numeric;
