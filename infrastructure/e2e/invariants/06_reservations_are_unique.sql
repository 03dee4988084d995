-- always: one reservation for an order, a product and a warehouse.
SELECT order_id, product_id, warehouse_id, count(*)
FROM warehouse_service.reservations
GROUP BY order_id, product_id, warehouse_id
HAVING count(*) > 1;
