-- always: one record for a user, a route and a key, with its reply.
SELECT user_id, route, key, count(*)
FROM (
    SELECT 'order' AS service, user_id, route, key, status, body FROM order_service.idempotency_keys
    UNION ALL SELECT 'payment', user_id, route, key, status, body FROM payment_service.idempotency_keys
    UNION ALL SELECT 'warehouse', user_id, route, key, status, body FROM warehouse_service.idempotency_keys
    UNION ALL SELECT 'product', user_id, route, key, status, body FROM product_service.idempotency_keys
) AS records
GROUP BY service, user_id, route, key
HAVING count(*) > 1 OR bool_or(status IS NULL OR body IS NULL);
