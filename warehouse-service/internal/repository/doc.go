// Package repository keeps the warehouse in PostgreSQL: stock, what orders hold of it, shipments, supplies, and the ledger of
// everything that came and went.
//
// Fulfilments.Update is the one way to write about orders. It takes a set of changes, as a batch of messages brings them,
// and is one transaction of two round trips (postgres.InBatches), read all and write all:
//
//	begin; inbox ids; missing fulfilments in state none; fulfilments locked in id order; what they hold; stock rows locked in id order
//	stock by deltas; fulfilments, reservations, shipments; movements; outbox; commit
//
// Between the two the domain decides each change in the order in which they came, each on the stock that the one before
// it has left. Locks are always taken in the same order, so sets that overlap wait for each other and never deadlock. Should
// all of this be wrong, the CHECK on stock refuses the transaction.
package repository
