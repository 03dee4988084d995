-- quiet: a cancelled order holds no stock, and what was captured for it was refunded, waits for a person, or was kept by one:
-- abandoned after the order had ended, whatever it was asked for. What was withdrawn before that is owed. The parts may be more
-- than the whole, because what was abandoned may be given back after all; that refunds are not is the ninth.
SELECT 'stock' AS problem, orders.id, reservations.product_id::text AS what, reservations.quantity AS amount
FROM order_service.orders AS orders
JOIN warehouse_service.reservations AS reservations ON reservations.order_id = orders.id
WHERE orders.status = 'cancelled' AND reservations.status <> 'released'
UNION ALL
SELECT 'money', orders.id, payments.state, payments.captured_amount - payments.refunded_amount
FROM order_service.orders AS orders
JOIN payment_service.payments AS payments ON payments.order_id = orders.id
WHERE orders.status = 'cancelled' AND payments.captured_amount > payments.refunded_amount + (
    SELECT coalesce(sum(refunds.amount), 0)
    FROM payment_service.refunds AS refunds
    WHERE refunds.payment_id = payments.id AND (refunds.status = 'needs_attention' OR refunds.failure_code = 'abandoned'));
