-- always: an order's events are numbered without a gap, its projection stands at the last, and each step is allowed.
WITH counted AS (
    SELECT order_id, count(*) AS events, min(seq) AS first, max(seq) AS last
    FROM order_service.order_events
    GROUP BY order_id
), steps AS (
    SELECT order_id, seq, type,
        lag(type) OVER (PARTITION BY order_id ORDER BY seq) AS before
    FROM order_service.order_events
    WHERE type <> 'payment.refunded' -- at any time
), allowed (before, type) AS (
    VALUES
        ('order.placed', 'stock.reserved'), ('order.placed', 'order.confirmed'), ('order.placed', 'order.cancelled'),
        ('stock.reserved', 'order.confirmed'), ('stock.reserved', 'order.cancelled'),
        ('order.confirmed', 'order.cancel_requested'),
        ('order.confirmed', 'shipment.dispatched'), ('order.confirmed', 'shipment.delivered'),
        ('order.cancel_requested', 'order.cancelled'), ('order.cancel_requested', 'order.cancellation_too_late'),
        ('order.cancellation_too_late', 'shipment.dispatched'), ('order.cancellation_too_late', 'shipment.delivered'),
        ('shipment.dispatched', 'shipment.dispatched'), ('shipment.dispatched', 'shipment.delivered'),
        ('shipment.delivered', 'shipment.dispatched'), ('shipment.delivered', 'shipment.delivered')
)
SELECT 'sequence' AS problem, coalesce(counted.order_id, orders.id) AS order_id, NULL AS before, NULL AS type
FROM counted
FULL JOIN order_service.orders AS orders ON orders.id = counted.order_id
WHERE counted.first IS DISTINCT FROM 1
   OR counted.last IS DISTINCT FROM counted.events
   OR orders.version IS DISTINCT FROM counted.last
UNION ALL
SELECT 'step', steps.order_id, steps.before, steps.type
FROM steps
LEFT JOIN allowed USING (before, type)
WHERE (steps.before IS NULL AND steps.type <> 'order.placed') OR (steps.before IS NOT NULL AND allowed.type IS NULL);
