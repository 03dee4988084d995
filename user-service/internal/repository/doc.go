// Package repository keeps users and sessions in PostgreSQL.
//
// Locks are always taken in one order: user rows by id, then session rows. All
// times that decide something (grace, expiry, revocation) are the database's, so
// that replicas with different clocks decide alike, and those of a change are
// read after its locks: a token that was issued before a change has an earlier
// time than the change.
package repository
