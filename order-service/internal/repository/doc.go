// Package repository keeps orders in PostgreSQL: their events, which are the truth, and beside them the projection that
// is read. Both are written in one transaction, under the lock of the order's row, with the inbox ids of the messages
// that caused the change and the outbox rows of the messages that follow from it.
//
// There are three ways to write, and each takes a set:
//
//	Create  a new order, with its idempotency record, within the limits of who places it
//	Update  what messages and commands do to orders: lock, decide, save
//	Expire  what the deadline does to them
//
// Each is a transaction of two round trips (postgres.InBatches). Rows are locked in the order of their ids, so that two
// sets that overlap wait for each other and never deadlock; Expire skips what is locked.
//
// Which replica's clock is right is never a question: every time that decides something is the database's.
package repository
