-- always: refunds, pending, done or in a person's hands, are never above what was captured, but for those that the processor made
-- above it and that wait for a person, without being booked.
SELECT payments.id, payments.captured_amount, sum(refunds.amount) AS refunds
FROM payment_service.payments AS payments
JOIN payment_service.refunds AS refunds ON refunds.payment_id = payments.id
WHERE refunds.status IN ('pending', 'done', 'needs_attention') AND refunds.failure_code IS DISTINCT FROM 'above_capture'
GROUP BY payments.id, payments.captured_amount
HAVING sum(refunds.amount) > payments.captured_amount;
