package outbox_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/outbox"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

func TestPublisher_SendsWhatWasCommittedAtOnceAndOnce(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	p := publisher(db, b)
	run(t, p)
	records := commit(t, db.Pool, 250)
	p.Committed(records)
	awaitSent(t, db.Pool)
	for _, r := range records {
		require.Equal(t, 1, b.times(r.ID))
	}
}

func TestPublisher_P9_WhatTheBrokerDidNotTakeStaysUnsentAndIsSweptLater(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	b.set(false, true)
	p := publisher(db, b)
	run(t, p)
	records := commit(t, db.Pool, 3)
	p.Committed(records)
	require.Never(t, func() bool { return unsent(t, db.Pool) < 3 }, 300*time.Millisecond, 50*time.Millisecond)

	b.set(false, false)
	due(t, db.Pool)
	awaitSent(t, db.Pool)
	require.Equal(t, 3, b.distinct())
}

func TestPublisher_P8_SaysOnceThatTheBrokerTakesNothing(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	var log testkit.Log
	tel, err := telemetry.Setup(t.Context(), "shop-service", telemetry.Options{Output: &log})
	require.NoError(t, err)
	b.set(false, true)
	p := outbox.New(db.Pool, b, "shop-service", tel)
	run(t, p)
	records := commit(t, db.Pool, 1000)
	p.Committed(records)
	testkit.Eventually(t, time.Minute, func() bool { return b.refusals() >= len(records) }, "ten windows or more")
	b.set(false, false)
	due(t, db.Pool)
	awaitSent(t, db.Pool)
	require.Equal(t, 1, strings.Count(log.String(), "not published"))
	testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), "published again") })
}

func TestSweep_P1_SendsWhatADeadProcessLeft(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	records := commit(t, db.Pool, 1200) // and nobody calls Committed
	due(t, db.Pool)
	run(t, publisher(db, b))
	awaitSent(t, db.Pool)
	require.Equal(t, len(records), b.distinct())
}

func TestSweep_P2_ALowerIDThatCommitsLaterIsNotSkipped(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	early := outbox.NewRecord(t.Context(), "thing.made", "early", nil)
	tx, err := db.Pool.Begin(t.Context())
	require.NoError(t, err)
	batch := new(pgx.Batch)
	outbox.Append(batch, []outbox.Record{early})
	require.NoError(t, tx.SendBatch(t.Context(), batch).Close())

	late := commit(t, db.Pool, 1)[0]
	require.Less(t, early.ID, late.ID)
	run(t, publisher(db, b))
	due(t, db.Pool)
	testkit.Eventually(t, time.Minute, func() bool { return b.times(late.ID) == 1 })

	_, err = tx.Exec(t.Context(), `update outbox set retry_at = now() - interval '1 ms' where id = $1`, early.ID)
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	awaitSent(t, db.Pool)
	require.Equal(t, 1, b.times(early.ID))
}

func TestSweep_P3_IsFastUnderALongTransactionOverManySentRows(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	testkit.Fill(t, db.Pool, `
		insert into outbox (id, type, subject, body, headers, occurred_at, retry_at)
		select gen_random_uuid(), 't', 's', '', '{}', now(), now() - interval '5 minutes' from generate_series(1, 200000)`)
	holder, err := db.Pool.Begin(t.Context()) // keeps every dead row and index entry
	require.NoError(t, err)
	defer func() { _ = holder.Rollback(context.Background()) }()
	_, err = holder.Exec(t.Context(), `create table unrelated (x int)`)
	require.NoError(t, err)
	testkit.Fill(t, db.Pool, `update outbox set sent_at = now()`)

	p := publisher(db, b)
	require.NoError(t, p.SweepOnce(t.Context()), "warm")
	quickest := time.Hour // of ten: what else the machine does at the moment is not the sweep's
	for range 10 {
		commit(t, db.Pool, 1)
		due(t, db.Pool)
		began := time.Now()
		require.NoError(t, p.SweepOnce(t.Context()))
		quickest = min(quickest, time.Since(began))
	}
	require.Less(t, quickest, 50*time.Millisecond)
	require.Equal(t, 10, b.distinct())
}

func TestSweep_P4_TwoReplicasSendEverythingAndShareTheWork(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	records := commit(t, db.Pool, 3000)
	due(t, db.Pool)
	run(t, publisher(db, b))
	run(t, publisher(db, b))
	awaitSent(t, db.Pool)
	total := 0
	for _, r := range records {
		require.NotZero(t, b.times(r.ID))
		total += b.times(r.ID)
	}
	require.Less(t, total, len(records)*3/2, "claims keep the replicas apart")
}

func TestSweep_P6_ClaimsNothingWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	b.set(true, false)
	commit(t, db.Pool, 1)
	due(t, db.Pool)
	p := publisher(db, b)
	require.NoError(t, p.SweepOnce(t.Context()))
	var waiting int
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from outbox where retry_at < now()`).Scan(&waiting))
	require.Equal(t, 1, waiting)
}

func TestPublisher_P47_FlushesWhatIsInMemoryAtTheStop(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	hold := make(chan struct{})
	b.publish = func() { <-hold }
	p := publisher(db, b)
	stop := run(t, p)
	p.Committed(commit(t, db.Pool, 350))
	time.AfterFunc(100*time.Millisecond, func() { close(hold) })
	stop()
	require.Zero(t, unsent(t, db.Pool))
	require.Equal(t, 350, b.distinct())
}

func TestPublisher_NeverMakesACommitterWait(t *testing.T) {
	t.Parallel()
	p := outbox.New(nil, newBroker(), "shop-service", telemetry.Nop())
	p.Committed(make([]outbox.Record, 50_000)) // nobody runs it: more than fits
}

func TestPublisher_P51_WorksWithOneConnection(t *testing.T) {
	t.Parallel()
	db, b := database(t), newBroker()
	config := db.Pool.Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	p := outbox.New(pool, b, "shop-service", telemetry.Nop())
	run(t, p)
	for range 20 {
		p.Committed(commit(t, pool, 50))
	}
	awaitSent(t, db.Pool)
	require.Equal(t, 1000, b.distinct())
}

func TestRecord_CarriesTheTraceOfItsContext(t *testing.T) {
	t.Parallel()
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	r := outbox.NewRecord(trace.ContextWithSpanContext(t.Context(), span), "thing.made", "thing-1", nil)
	m := rabbit.Message{Headers: r.Headers}
	require.Equal(t, span.TraceID(), trace.SpanContextFromContext(m.Context(t.Context())).TraceID())
}

func TestCleanUp_DeletesWhatWasSentAWeekAgoOnly(t *testing.T) {
	t.Parallel()
	db := database(t)
	old := func(id string, sent string) {
		_, err := db.Pool.Exec(t.Context(), fmt.Sprintf(`
			insert into outbox (id, type, subject, body, headers, occurred_at, sent_at)
			values ('%s', 't', 's', '', '{}', now(), %s)`, id, sent))
		require.NoError(t, err)
	}
	old("01800000-0000-7000-8000-000000000001", "now()") // 2022
	old("01800000-0000-7000-8000-000000000002", "null")
	fresh := commit(t, db.Pool, 1)[0]
	_, err := db.Pool.Exec(t.Context(), `update outbox set sent_at = now() where id = $1`, fresh.ID)
	require.NoError(t, err)

	config, untimed := db.Pool.Config(), new(untimed)
	config.ConnConfig.Tracer = untimed
	db.Pool, err = pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(db.Pool.Close)
	require.NoError(t, publisher(db, newBroker()).DeleteExpired(context.Background()))
	require.Zero(t, untimed.Load(), "a statement that would wait for ever")
	var left int
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from outbox`).Scan(&left))
	require.Equal(t, 2, left)
}

// untimed counts statements without a deadline.
type untimed struct{ atomic.Int32 }

func (u *untimed) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if _, timed := ctx.Deadline(); !timed && strings.Contains(data.SQL, "delete") {
		u.Add(1)
	}
	return ctx
}

func (*untimed) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
