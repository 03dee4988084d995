-- always: refunds, pending or done, are never above what was captured.
SELECT payments.id, payments.captured_amount, sum(refunds.amount) AS refunds
FROM payment_service.payments AS payments
JOIN payment_service.refunds AS refunds ON refunds.payment_id = payments.id
WHERE refunds.status IN ('pending', 'done')
GROUP BY payments.id, payments.captured_amount
HAVING sum(refunds.amount) > payments.captured_amount;
