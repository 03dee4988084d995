// Package fault is the one error type that crosses a package boundary with a meaning for somebody else: a kind, a
// stable code for programs, a message for people, and the cause for the log.
//
// A fault is made where the meaning is known (a domain error translated by a handler, a driver error translated by
// a repository) and is written in exactly two places: package web turns it into problem+json, and gRPC calls
// GRPCStatus. FromGRPC reads it back on the other side, so a code survives a hop. Everything that is not a fault
// becomes Internal in Of: its text goes to the log and never to the client.
//
//	var errSoldOut = fault.New(fault.Conflict, "sold_out", "The product is sold out.")
//	return errSoldOut.Wrap(err)
//	errors.Is(err, errSoldOut) // compares codes
package fault
