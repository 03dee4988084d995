-- always: nothing is sold that is not there.
SELECT product_id, warehouse_id, on_hand, reserved
FROM warehouse_service.stock
WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand;
