package postgres

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/fault"
)

// ErrCommitUnknown means that the connection broke while COMMIT was on its way: the work may be done or not. Read again by key.
var ErrCommitUnknown = fault.New(fault.Unavailable, "commit_unknown",
	"The connection to the database broke; whether the change was saved is not known.").WithRetryAfter(time.Second)

var (
	errAway     = fault.New(fault.Unavailable, "database_unavailable", "The database is not available.").WithRetryAfter(time.Second)
	errBusy     = fault.New(fault.Unavailable, "database_busy", "The database is busy.").WithRetryAfter(time.Second)
	errMissing  = fault.New(fault.NotFound, "not_found", "There is no such thing.")
	errConflict = fault.New(fault.Conflict, "conflict", "Another change was in the way.")
	errValue    = fault.New(fault.Invalid, "invalid", "The request has a value that cannot be stored.")
	errText     = fault.New(fault.Invalid, "invalid_text", "A text has characters that cannot be stored.")
)

// Translate gives a driver's error its meaning as a fault and keeps it as the cause. Faults, the context's errors and
// whatever is not the driver's come back as they are.
func Translate(err error) error {
	// All that the driver says of a server that was killed.
	return translate(err, errors.Is(err, io.ErrUnexpectedEOF))
}

// translateOn is Translate where err may also come from a caller's function, whose data may end unexpectedly as well:
// what tells them apart is whether the connection is still there.
func translateOn(conn *pgxpool.Conn, err error) error { return translate(err, conn.Conn().IsClosed()) }

func translate(err error, gone bool) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return errMissing.Wrap(err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return translateState(pg, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if gone || fault.Transient(err) || brokenConnection(err) {
		return errAway.Wrap(err)
	}
	return err
}

// translateState reads an SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func translateState(pg *pgconn.PgError, err error) error {
	switch state := pg.Code; {
	case strings.HasPrefix(state, "40"), state == lockNotAvailable, state == queryCanceled:
		return errBusy.Wrap(err) // deadlock, serialization, lock_timeout, statement_timeout
	case fault.Transient(err):
		return errAway.Wrap(err)
	case state == "23503", state == "23505", state == "23514", state == "23P01":
		return errConflict.Wrap(err) // foreign key, unique, check, exclusion; a missing value is our own mistake
	case state == "22021", state == "22P05":
		return errText.Wrap(withoutValue(pg, err)) // a NUL character
	case state == "22P02", state == "22P03", state == "22003", state == "22007", state == "22008":
		// No value of its type, or outside its range: handlers refuse those before, and one that was forgotten is no failure of ours.
		// An overflow in a statement's own arithmetic looks the same, so both are logged (fault.DataException).
		return errValue.Wrap(withoutValue(pg, err))
	}
	return err
}

// brokenConnection knows the driver's own words for a connection that is gone.
func brokenConnection(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.Timeout(err) || strings.Contains(err.Error(), "conn closed")
}

// Violates says whether err is a refusal by the named constraint or unique index.
func Violates(err error, constraint string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && strings.HasPrefix(pg.Code, "23") && pg.ConstraintName == constraint
}
