-- quiet: every event that was committed has been published.
SELECT service, id, type
FROM (
    SELECT 'order' AS service, id, type, sent_at FROM order_service.outbox
    UNION ALL SELECT 'warehouse', id, type, sent_at FROM warehouse_service.outbox
    UNION ALL SELECT 'payment', id, type, sent_at FROM payment_service.outbox
) AS events
WHERE sent_at IS NULL;
