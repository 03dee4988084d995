-- quiet: no order is open past its deadline or waits for a cancellation, no payment is unknown, no refund is
-- open unless a person has to settle it, no cancelled order holds stock.
SELECT 'open order' AS problem, id, status
FROM order_service.orders
WHERE status IN ('pending', 'reserved') AND deadline_at < now()
UNION ALL
SELECT 'cancelling order', id, status FROM order_service.orders WHERE status = 'cancelling'
UNION ALL
SELECT 'open payment', payments.order_id, payments.state
FROM payment_service.payments AS payments
WHERE payments.state IN ('called', 'voiding')
UNION ALL
SELECT 'open refund', payments.order_id, refunds.status
FROM payment_service.refunds AS refunds
JOIN payment_service.payments AS payments ON payments.id = refunds.payment_id
WHERE refunds.status = 'pending'
UNION ALL
SELECT 'refund awaiting a person for a cancelled order', payments.order_id, refunds.status
FROM payment_service.refunds AS refunds
JOIN payment_service.payments AS payments ON payments.id = refunds.payment_id
JOIN order_service.orders AS orders ON orders.id = payments.order_id
WHERE refunds.status = 'awaiting_confirmation' AND orders.status = 'cancelled'
UNION ALL
SELECT 'reservation of a cancelled order', orders.id, reservations.status
FROM order_service.orders AS orders
JOIN warehouse_service.reservations AS reservations ON reservations.order_id = orders.id
WHERE orders.status = 'cancelled' AND reservations.status = 'active';
