package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// commitTimeout bounds the round trip that commits. It does not end with the caller's context: a shopper who hangs
	// up must neither make the outcome unknown nor cost a connection.
	commitTimeout   = 10 * time.Second
	rollbackTimeout = 2 * time.Second
)

// SQLSTATEs that more than one place knows.
const (
	queryCanceled    = "57014"
	lockNotAvailable = "55P03"
)

// InBatches runs one transaction in two round trips: begin and what read queues, then what write queues and commit.
// read may be nil: then there is one round trip.
//
// read's callbacks may fail: the transaction rolls back and their error is returned as it is, as is an error from write.
// Callbacks queued by write run when COMMIT is already on its way: they may look at results and give the server's errors
// a better name by wrapping them, but cannot undo anything. When one fails by itself, over a result that it cannot read, the
// rest of the results is lost with it, and the error is ErrCommitUnknown.
func InBatches(ctx context.Context, pool *pgxpool.Pool, read func(*pgx.Batch), write func(*pgx.Batch) error) error {
	last := new(pgx.Batch)
	if read == nil {
		last.Queue("begin")
		if err := write(last); err != nil {
			return err
		}
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return Translate(fmt.Errorf("acquire a connection: %w", err))
	}
	defer release(conn)

	if read != nil {
		if err := begin(ctx, conn, read); err != nil {
			return translateOn(conn, err)
		}
		if err := write(last); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return commit(ctx, conn, last)
}

func begin(ctx context.Context, conn *pgxpool.Conn, read func(*pgx.Batch)) error {
	first := new(pgx.Batch)
	first.Queue("begin")
	read(first)
	if err := conn.SendBatch(ctx, first).Close(); err != nil {
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == queryCanceled && ctx.Err() != nil {
			return ctx.Err() // the caller had gone before the server was asked to cancel
		}
		return err
	}
	if status := conn.Conn().PgConn().TxStatus(); status != 'T' {
		return fmt.Errorf("postgres: transaction in status %q after its reads", status)
	}
	return nil
}

func commit(ctx context.Context, conn *pgxpool.Conn, b *pgx.Batch) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	var broken error
	for _, q := range b.QueuedQueries {
		q.Fn = noting(q.Fn, &broken)
	}
	committed := false
	b.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		committed = tag.String() == "COMMIT"
		return nil
	})
	err := conn.SendBatch(ctx, b).Close()
	switch {
	case committed:
		return nil // whatever broke afterwards
	case broken != nil:
		return ErrCommitUnknown.Wrap(broken)
	}
	return outcome(conn, err)
}

// noting keeps a callback's failure that is not the server's refusal: after it nobody reads whether COMMIT succeeded.
func noting(callback func(pgx.BatchResults) error, broken *error) func(pgx.BatchResults) error {
	if callback == nil {
		return nil
	}
	return func(results pgx.BatchResults) error {
		err := callback(results)
		if err != nil && !refusal(err) {
			*broken = err
		}
		return err
	}
}

// outcome says what a COMMIT means that was sent and not confirmed. pgconn.SafeToRetry is no help: after a broken read
// pgx 5.12 reports "conn closed", which claims that nothing was sent.
func outcome(conn *pgxpool.Conn, err error) error {
	switch refused := refusal(err); {
	case err == nil:
		return errors.New("postgres: the server rolled back instead of committing")
	case refused, !conn.Conn().IsClosed():
		return translateOn(conn, err)
	default:
		return ErrCommitUnknown.Wrap(err)
	}
}

// refusal says whether the server itself refused a statement, which aborts its transaction. A fatal error may also come
// from a server that shuts down right after the commit.
func refusal(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Severity == "ERROR"
}

// release gives the connection back, first ending a transaction that is still open. The pool destroys a connection that
// cannot be saved.
func release(conn *pgxpool.Conn) {
	defer conn.Release()
	if conn.Conn().IsClosed() || conn.Conn().PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	_, _ = conn.Exec(ctx, "rollback")
}

// InTx runs f in a transaction, for code that is not hot: every statement is a round trip. An error from f rolls back.
func InTx(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return Translate(fmt.Errorf("acquire a connection: %w", err))
	}
	defer release(conn)
	tx, err := conn.Begin(ctx)
	if err != nil {
		return translateOn(conn, err)
	}
	if err := f(tx); err != nil {
		return translateOn(conn, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := tx.Commit(ctx); err != nil {
		return outcome(conn, err)
	}
	return nil
}
