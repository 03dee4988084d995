package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/rabbit"
)

func TestInbox_P10_FiveDeliveriesToTwoConsumersHaveOneEffect(t *testing.T) {
	t.Parallel()
	db := database(t)
	batch := messages(slices.Repeat([]string{"a"}, 300)...)
	var wg sync.WaitGroup
	for replica := range 2 {
		list := slices.Clone(batch)
		if replica == 1 {
			slices.Reverse(list) // unsorted ids would deadlock
		}
		list = append(list, list[0]) // and one twice in the batch
		for range 5 {
			wg.Go(func() {
				c := consumer(db.Pool, newWork(db.Pool))
				if err := c.Batch(context.Background(), list); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	require.Equal(t, len(batch), count(t, db.Pool, `select count(*) from effects`))
	require.Equal(t, len(batch), count(t, db.Pool, `select count(*) from inbox`))
	require.Zero(t, count(t, db.Pool, `select count(*) from parked`))
}

func TestInbox_P10_ACrashBeforeTheAckHasOneEffect(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := consumer(db.Pool, newWork(db.Pool))
	batch := messages("a", "b")
	require.NoError(t, c.Batch(t.Context(), batch))
	require.NoError(t, c.Batch(t.Context(), redelivered(batch)), "committed, never acknowledged, delivered again")
	require.Equal(t, 2, count(t, db.Pool, `select count(*) from effects`))
	require.Zero(t, count(t, db.Pool, `select count(*) from parked`), "they have had their effect: nothing to try")
}

func TestInbox_P11_PoisonIsDeadWithItsReasonAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	c := consumer(db.Pool, w)
	batch := messages("a", "poison", "b", "c")
	require.NoError(t, c.Batch(t.Context(), batch))
	require.Equal(t, 3, count(t, db.Pool, `select count(*) from effects`), "the valid ones went on at once")

	run(t, c.Run)
	poison := batch[1].ID
	awaitStatus(t, db.Pool, poison, "dead")
	require.Equal(t, parkedRow{Status: "dead", Reason: "poison", Attempts: attempts}, parked(t, db.Pool, poison))
}

func TestInbox_P11_GarbageIsParkedWhateverItLooksLike(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := consumer(db.Pool, newWork(db.Pool))
	garbage := rabbit.Message{
		ID: "not a uuid\x00", Type: "what\xff\x00", Source: "\x00", Subject: "\xfe",
		Time: time.Unix(1<<50, 0), Headers: map[string]string{"traceparent": "\x00\xff"}, Body: nil,
	}
	for range 3 {
		require.NoError(t, c.Batch(t.Context(), []rabbit.Message{garbage, message("fine")}))
	}
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from parked where body = ''`), "the same id at each delivery")
	require.Equal(t, 3, count(t, db.Pool, `select count(*) from effects`))

	run(t, c.Run)
	awaitNoneWaiting(t, db.Pool)
}

func TestInbox_P11_APanicIsPoison(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	w.set(func(batch []rabbit.Message) error {
		for _, m := range batch {
			if string(m.Body) == "bomb" {
				panic("boom")
			}
		}
		return nil
	})
	c := consumer(db.Pool, w)
	batch := messages("bomb", "a")
	require.NoError(t, c.Batch(t.Context(), batch))
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects`))
	require.Contains(t, parked(t, db.Pool, batch[0].ID).Reason, "boom")
}

func TestInbox_P11_AnUnknownTypeWaitsForABuildThatKnowsIt(t *testing.T) {
	t.Parallel()
	db := database(t)
	old := consumer(db.Pool, newWork(db.Pool))
	m := message("a")
	m.Type = "thing.reinvented"
	require.NoError(t, old.Batch(t.Context(), []rabbit.Message{m}))
	stop := run(t, old.Run)
	awaitStatus(t, db.Pool, m.ID, "dead")
	stop()

	w := newWork(db.Pool)
	newer := consumer(db.Pool, w, m.Type)
	run(t, newer.Run)
	require.NoError(t, operator(db).Replay(t.Context(), m.ID))
	awaitStatus(t, db.Pool, m.ID, "done")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects`))
}

func TestInbox_P13_EveryMessageGetsTheSameNumberOfTries(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	w.set(func([]rabbit.Message) error { return fault.New(fault.Timeout, "slow", "too slow") })
	c := consumer(db.Pool, w)
	batch := messages("a", "b")
	failures := 0
	for c.Batch(t.Context(), batch) != nil {
		failures++
		require.Less(t, failures, 100, "an error that never ends is the messages' own")
	}
	together := w.tried(batch[0].ID)
	run(t, c.Run)
	for _, m := range batch {
		awaitStatus(t, db.Pool, m.ID, "dead")
		require.Equal(t, attempts, parked(t, db.Pool, m.ID).Attempts)
		require.Equal(t, together+attempts-1, w.tried(m.ID), "the try that parked it counts")
	}
}

func TestInbox_P11_PoisonBesideAMessageThatIsAlwaysSlowHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	slow := fault.New(fault.Timeout, "slow", "too slow")
	w.set(func(batch []rabbit.Message) error {
		if string(batch[0].Body) == "slow" {
			return slow
		}
		return nil
	})
	c := consumer(db.Pool, w)
	batch := messages("poison", "slow", "fine") // together they fail with the data error
	failures := 0
	for c.Batch(t.Context(), batch) != nil {
		failures++
		require.Less(t, failures, 100, "the batch comes again for ever")
	}
	require.Equal(t, "waiting", parked(t, db.Pool, batch[0].ID).Status)
	require.Equal(t, "waiting", parked(t, db.Pool, batch[1].ID).Status)
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where body = 'fine'`))
}

func TestInbox_P15_NothingIsDoneAndNothingParkedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	db := database(t)
	away, err := pgxpool.New(t.Context(), "postgres://nobody:x@127.0.0.1:1/none")
	require.NoError(t, err)
	t.Cleanup(away.Close)
	c := consumer(away, newWork(away))
	batch := messages("a", "poison")
	for range 30 { // far more than what would take a batch apart
		require.Error(t, c.Batch(t.Context(), batch))
	}
	require.Error(t, c.Batch(t.Context(), redelivered(batch)))
	require.Zero(t, count(t, db.Pool, `select count(*) from parked`))
}

func TestInbox_P14_NoMessageVanishes(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	c := consumer(db.Pool, w)
	w.set(func(batch []rabbit.Message) error {
		for _, m := range batch {
			if w.tried(m.ID) < 3 && strings.ContainsAny(m.ID[35:], "048c") {
				return errors.New("twice for every fourth message")
			}
		}
		return nil
	})
	var sent int
	for i := range 20 {
		batch := messages("a", "b", "poison", fmt.Sprint(i))
		sent += len(batch)
		if i%4 == 0 {
			batch = redelivered(batch)
		}
		require.NoError(t, c.Batch(t.Context(), batch))
	}
	total := func() int {
		return count(t, db.Pool, `select count(distinct message_id) from (select message_id from inbox union select message_id from parked) ids`)
	}
	require.Equal(t, sent, total(), "received = done + parked")
	run(t, c.Run)
	awaitNoneWaiting(t, db.Pool)
	require.Equal(t, sent, total())
	require.Equal(t, count(t, db.Pool, `select count(*) from inbox`), count(t, db.Pool, `select count(*) from effects`))
	require.Equal(t, 20, count(t, db.Pool, `select count(*) from parked where status = 'dead' and body = 'poison'`))
	require.Equal(t, sent-20, count(t, db.Pool, `select count(*) from inbox`))
}

func TestInbox_P51_WorksWithOneConnection(t *testing.T) {
	t.Parallel()
	db := database(t)
	config := db.Pool.Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	c := consumer(pool, newWork(pool))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	run(t, c.Run)
	require.NoError(t, c.Batch(ctx, messages("a", "poison", "b")))
	require.NoError(t, c.Batch(ctx, redelivered(messages("c"))))
	awaitNoneWaiting(t, db.Pool)
	require.Equal(t, 3, count(t, db.Pool, `select count(*) from effects`))
}
