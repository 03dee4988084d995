-- quiet: an order that is confirmed (or further) has one captured payment of its total, and its stock.
WITH good AS (
    SELECT id, total_amount, currency, status
    FROM order_service.orders
    WHERE status IN ('confirmed', 'partially_shipped', 'shipped', 'delivered')
), held AS (
    SELECT order_id, product_id, sum(quantity) AS quantity
    FROM warehouse_service.reservations
    WHERE status IN ('active', 'sold')
    GROUP BY order_id, product_id
)
SELECT 'payment' AS problem, good.id, payments.state, payments.captured_amount, good.total_amount
FROM good
LEFT JOIN payment_service.payments AS payments ON payments.order_id = good.id
WHERE payments.order_id IS NULL OR payments.state <> 'captured'
   OR (payments.captured_amount, payments.currency) IS DISTINCT FROM (good.total_amount, good.currency)
UNION ALL
SELECT 'stock', good.id, items.product_id::text, held.quantity, items.quantity
FROM good
JOIN order_service.order_items AS items ON items.order_id = good.id
LEFT JOIN held ON held.order_id = good.id AND held.product_id = items.product_id
WHERE held.quantity IS DISTINCT FROM items.quantity
UNION ALL
SELECT 'fulfilment', good.id, fulfilments.status, NULL, NULL
FROM good
LEFT JOIN warehouse_service.fulfilments AS fulfilments ON fulfilments.order_id = good.id
WHERE fulfilments.status IS DISTINCT FROM CASE good.status WHEN 'confirmed' THEN 'allocated' ELSE 'dispatched' END;
