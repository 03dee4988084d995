-- quiet: a cancelled order holds no stock, and what was captured for it was refunded.
SELECT 'stock' AS problem, orders.id, reservations.product_id::text AS what, reservations.quantity AS amount
FROM order_service.orders AS orders
JOIN warehouse_service.reservations AS reservations ON reservations.order_id = orders.id
WHERE orders.status = 'cancelled' AND reservations.status <> 'released'
UNION ALL
SELECT 'money', orders.id, payments.state, payments.captured_amount - payments.refunded_amount
FROM order_service.orders AS orders
JOIN payment_service.payments AS payments ON payments.order_id = orders.id
WHERE orders.status = 'cancelled' AND payments.captured_amount <> payments.refunded_amount;
