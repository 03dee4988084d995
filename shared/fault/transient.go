package fault

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
)

// Transient says whether the same try is worth repeating later: something was away, slow or in the way. Everything
// else is in the data or in the program, and comes back the same. An unexpected end of file is not in the list: decoders
// say it about broken data too, and a message that is wrongly called transient stops its queue for ever.
func Transient(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind == Unavailable || e.Kind == Timeout || e.Kind == TooMany
	}
	// PostgreSQL's errors are known by their SQLSTATE, so that this package needs no driver.
	if pg, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return transientState(pg.SQLState())
	}
	if e, ok := fromStatus(err); ok {
		return e.Kind == Unavailable || e.Kind == Timeout || e.Kind == TooMany
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, lost := range []error{
		context.DeadlineExceeded, context.Canceled, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

// transientState sorts PostgreSQL's SQLSTATE codes, by class where a class is all of one sort
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func transientState(state string) bool {
	switch state {
	case "55P03", // lock_not_available
		"57014", // query_canceled: statement_timeout
		"25P03", // idle_in_transaction_session_timeout
		"25006": // read_only_sql_transaction: a standby, after a fail-over
		return true
	}
	for _, class := range []string{
		"08",   // connection exceptions
		"40",   // rollbacks: serialization, deadlock
		"53",   // out of resources
		"57P0", // shutting down, cannot connect now
	} {
		if strings.HasPrefix(state, class) {
			return true
		}
	}
	return false
}
