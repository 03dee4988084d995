package inbox_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"marketplace/shared/inbox"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// dead gives two poisoned messages all their tries.
func dead(t *testing.T, db testkit.DB) (*inbox.Consumer, []rabbit.Message) {
	t.Helper()
	c := consumer(db.Pool, newWork(db.Pool))
	batch := messages("poison", "poison")
	require.NoError(t, c.Batch(t.Context(), batch))
	run(t, c.Run)
	for _, m := range batch {
		awaitStatus(t, db.Pool, m.ID, "dead")
	}
	return c, batch
}

func TestInbox_P11_ACopyOfADeadOrDroppedMessageHasNoEffect(t *testing.T) {
	t.Parallel()
	db := database(t)
	c, batch := dead(t, db)
	require.NoError(t, operator(db).Drop(t.Context(), batch[0].ID, "wrong"))
	require.NoError(t, operator(db).Edit(t.Context(), batch[1].ID, []byte("cured")))
	for i := range batch {
		batch[i].Body = []byte("as it was")
	}
	require.NoError(t, c.Batch(t.Context(), batch), "published twice: not a redelivery")
	require.Zero(t, count(t, db.Pool, `select count(*) from effects`))

	require.NoError(t, operator(db).Replay(t.Context(), batch[1].ID))
	awaitStatus(t, db.Pool, batch[1].ID, "done")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where body = 'cured'`))
}

func TestInbox_P11_AMessageThatUsesUpAllTimeIsParkedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	c := inbox.NewConsumer(inbox.Options{
		Pool: db.Pool, Queue: queue, Known: func(string) bool { return true }, Telemetry: telemetry.Nop(),
		Handle: func(ctx context.Context, batch []rabbit.Message) error {
			for _, m := range batch {
				if string(m.Body) == "endless" {
					<-ctx.Done()
					return ctx.Err()
				}
			}
			return w.handle(ctx, batch)
		},
	})
	c.Alone(500 * time.Millisecond)
	deliver := func(batch []rabbit.Message) {
		for try := 1; ; try++ {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // as the broker's side gives a handler
			err := c.Batch(ctx, batch)
			cancel()
			if err == nil {
				return
			}
			require.Less(t, try, 30, "blocked for ever: %v", err)
		}
	}
	alone, among := messages("endless"), messages("a", "endless", "b")
	deliver(alone)
	deliver(among)
	require.Equal(t, "waiting", parked(t, db.Pool, alone[0].ID).Status)
	require.Equal(t, "waiting", parked(t, db.Pool, among[1].ID).Status)
	require.Equal(t, 2, count(t, db.Pool, `select count(*) from effects`))
}

func TestInbox_WhatIsParkedIsCountedWhileATryLasts(t *testing.T) {
	t.Parallel()
	db, tel := database(t), telemetry.Nop()
	trying, finish := make(chan struct{}), make(chan struct{})
	c := inbox.NewConsumer(inbox.Options{
		Pool: db.Pool, Queue: queue, Known: func(string) bool { return true }, Telemetry: tel,
		Handle: func(context.Context, []rabbit.Message) error {
			close(trying)
			<-finish
			return nil
		},
	})
	require.NoError(t, c.Batch(t.Context(), redelivered(messages("lasts"))))
	run(t, c.Run)
	defer close(finish)
	<-trying
	testkit.Eventually(t, time.Minute, func() bool { return gauge(t, tel.Registry, "inbox_waiting") == 1 })
}

func gauge(t *testing.T, registry prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("no metric ", name)
	return 0
}

// untimed collects the statements that would wait for ever on a server that no longer answers.
type untimed struct {
	mu         sync.Mutex
	statements []string
}

func (u *untimed) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if _, timed := ctx.Deadline(); !timed {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.statements = append(u.statements, data.SQL)
	}
	return ctx
}

func (*untimed) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestInbox_EveryStatementOfItsOwnHasADeadline(t *testing.T) {
	t.Parallel()
	db := database(t)
	config, tracer := db.Pool.Config(), new(untimed)
	config.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	c := consumer(pool, newWork(db.Pool))
	batch := messages("poison")
	require.NoError(t, c.Batch(context.Background(), batch))
	require.NoError(t, c.CleanUp(context.Background()))
	run(t, c.Run)
	awaitStatus(t, db.Pool, batch[0].ID, "dead")
	require.NoError(t, inbox.Parked{Pool: pool, Consumer: queue}.Drop(context.Background(), batch[0].ID, "enough"))
	tracer.mu.Lock()
	defer tracer.mu.Unlock()
	require.Empty(t, tracer.statements)
}

func TestUnseen_KeepsCommandsAndTheFirstOfEachNewMessage(t *testing.T) {
	t.Parallel()
	type change struct{ message, what string }
	changes := []change{{"", "a"}, {"1", "b"}, {"2", "c"}, {"1", "d"}, {"", "e"}}
	id := func(c change) string { return c.message }
	require.Equal(t, []string{"1", "2", "1"}, inbox.IDs(changes, id))
	require.Equal(t, []change{{"", "a"}, {"1", "b"}, {"", "e"}}, inbox.Unseen(changes, map[string]bool{"1": true}, id))
}
