// Package domain is the warehouse: stock, what is held of it for orders, and what leaves and comes in. It is plain Go
// without servers: every rule that matters is a pure function.
//
// Stock is counted per product and warehouse. On hand is what lies there, reserved is the part that is promised, and
//
//	available = on hand - reserved,  0 <= reserved <= on hand
//
// Each order has one Fulfilment, and Decide is its machine:
//
//	         order.placed, all available               order.confirmed              dispatch of the first
//	none ---------------------------------> reserved ------------------> allocated -----------------------> dispatched
//	 |  \                                      |                             |                                (the end)
//	 |   '-- order.placed, some short ----> rejected                         |
//	 |                                      (the end)                        |
//	 '------ order.cancelled ------------> released <--- order.cancelled ----+--- (reserved only)
//	         (tombstone)                   (the end) <-- order.cancel_requested (reserved, allocated)
//
// What holds, whatever order messages arrive in and however often:
//
//   - All lines of an order are held, or none.
//   - Nothing releases a reservation but the order. One that expired by itself would race the capture of the money;
//     the deadline is the order's, and is kept here to show and to alert.
//   - order.cancelled may overtake order.placed. It leaves a tombstone, or the stock would be held for ever.
//   - Cancelling and dispatching are decided on the same row: goods are never sent and the order cancelled.
//   - On hand is the sum of the movements, reserved is the sum of the held reservations. Reserving and confirming move
//     nothing; a dispatch takes from both at once.
//
// The table of every state and input is generated from these functions: docs/transitions.json and the README.
package domain

//go:generate go run ./transitions ../..
