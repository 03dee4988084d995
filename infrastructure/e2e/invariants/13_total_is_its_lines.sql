-- always: an order's total is the sum of its lines, and a line its unit price times its quantity.
SELECT orders.id, orders.total_amount, sum(items.total_amount) AS lines
FROM order_service.orders AS orders
LEFT JOIN order_service.order_items AS items ON items.order_id = orders.id
GROUP BY orders.id, orders.total_amount
HAVING orders.total_amount <> coalesce(sum(items.total_amount), -1)
    OR bool_or(items.total_amount <> items.unit_amount * items.quantity);
