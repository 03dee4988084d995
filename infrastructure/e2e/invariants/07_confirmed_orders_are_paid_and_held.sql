-- quiet: an order that is confirmed (or further) has exactly one payment, captured in full, and its stock: held, then sold.
WITH good AS (
    SELECT id, total_amount, currency, status
    FROM order_service.orders
    WHERE status IN ('confirmed', 'partially_shipped', 'shipped', 'delivered')
), wanted AS (
    SELECT good.id, items.product_id, good.status, items.quantity
    FROM good
    JOIN order_service.order_items AS items ON items.order_id = good.id
), held AS (
    SELECT good.id, product_id, sum(quantity) AS quantity,
        bool_or(reservations.status = 'active') AS waits, bool_or(reservations.status = 'sold') AS sold
    FROM good
    JOIN warehouse_service.reservations AS reservations ON reservations.order_id = good.id
    WHERE reservations.status IN ('active', 'sold')
    GROUP BY good.id, product_id
)
SELECT 'payment' AS problem, good.id, string_agg(payments.state, ', ') AS what, sum(payments.captured_amount), good.total_amount
FROM good
LEFT JOIN payment_service.payments AS payments ON payments.order_id = good.id
GROUP BY good.id, good.total_amount, good.currency
HAVING count(payments.id) <> 1 OR NOT bool_and(
    payments.state = 'captured' AND payments.captured_amount = good.total_amount AND payments.currency = good.currency)
UNION ALL
SELECT 'stock', id, product_id::text, held.quantity, wanted.quantity
FROM wanted
FULL JOIN held USING (id, product_id)
WHERE held.quantity IS DISTINCT FROM wanted.quantity
   OR (wanted.status = 'confirmed' AND held.sold)
   OR (wanted.status IN ('shipped', 'delivered') AND held.waits)
UNION ALL
SELECT 'fulfilment', good.id, fulfilments.status, NULL, NULL
FROM good
LEFT JOIN warehouse_service.fulfilments AS fulfilments ON fulfilments.order_id = good.id
WHERE fulfilments.status IS DISTINCT FROM CASE good.status WHEN 'confirmed' THEN 'allocated' ELSE 'dispatched' END;
