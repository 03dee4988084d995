-- quiet: every event is in the inbox of each subscriber or parked there, and nothing is in an inbox that was never sent.
WITH heard (type, consumer) AS (
    VALUES
        ('order.placed', 'warehouse.events.v1'), ('order.confirmed', 'warehouse.events.v1'),
        ('order.cancel_requested', 'warehouse.events.v1'), ('order.cancelled', 'warehouse.events.v1'),
        ('stock.reserved', 'payment.events.v1'), ('order.cancelled', 'payment.events.v1'),
        ('shipment.dispatched', 'payment.events.v1'),
        ('stock.reserved', 'order.events.v1'), ('stock.rejected', 'order.events.v1'),
        ('payment.captured', 'order.events.v1'), ('payment.failed', 'order.events.v1'),
        ('payment.refunded', 'order.events.v1'), ('shipment.dispatched', 'order.events.v1'),
        ('shipment.delivered', 'order.events.v1'), ('shipment.cancelled', 'order.events.v1')
), sent AS (
    SELECT id, type FROM order_service.outbox
    UNION ALL SELECT id, type FROM warehouse_service.outbox
    UNION ALL SELECT id, type FROM payment_service.outbox
), inbox AS (
    SELECT consumer, message_id FROM order_service.inbox
    UNION ALL SELECT consumer, message_id FROM warehouse_service.inbox
    UNION ALL SELECT consumer, message_id FROM payment_service.inbox
), received AS (
    SELECT consumer, message_id FROM inbox
    UNION SELECT consumer, message_id FROM order_service.parked
    UNION SELECT consumer, message_id FROM warehouse_service.parked
    UNION SELECT consumer, message_id FROM payment_service.parked
)
SELECT 'lost' AS problem, heard.consumer, sent.id, sent.type
FROM sent
JOIN heard USING (type)
LEFT JOIN received ON received.consumer = heard.consumer AND received.message_id = sent.id
WHERE received.message_id IS NULL
UNION ALL
SELECT 'from nowhere', inbox.consumer, inbox.message_id, NULL
FROM inbox
LEFT JOIN sent ON sent.id = inbox.message_id
WHERE sent.id IS NULL;
