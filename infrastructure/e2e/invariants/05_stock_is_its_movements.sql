-- always: on hand is the sum of the movements, reserved the sum of the active reservations.
WITH moved AS (
    SELECT product_id, warehouse_id, sum(quantity) AS quantity
    FROM warehouse_service.movements
    GROUP BY product_id, warehouse_id
), held AS (
    SELECT product_id, warehouse_id, sum(quantity) AS quantity
    FROM warehouse_service.reservations
    WHERE status = 'active'
    GROUP BY product_id, warehouse_id
)
SELECT product_id, warehouse_id, stock.on_hand, moved.quantity AS moved, stock.reserved, held.quantity AS held
FROM warehouse_service.stock AS stock
FULL JOIN moved USING (product_id, warehouse_id)
FULL JOIN held USING (product_id, warehouse_id)
WHERE coalesce(stock.on_hand, 0) <> coalesce(moved.quantity, 0)
   OR coalesce(stock.reserved, 0) <> coalesce(held.quantity, 0);
