-- always: a consumer takes a message once.
SELECT consumer, message_id, count(*)
FROM (
    SELECT consumer, message_id FROM order_service.inbox
    UNION ALL SELECT consumer, message_id FROM warehouse_service.inbox
    UNION ALL SELECT consumer, message_id FROM payment_service.inbox
) AS received
GROUP BY consumer, message_id
HAVING count(*) > 1;
