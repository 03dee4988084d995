package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/inbox"
	"marketplace/shared/rabbit"
	"marketplace/shared/testkit"
)

// held runs a try of one parked message that waits inside its handler until finish is called, once and with the try's error.
func held(t *testing.T, db testkit.DB) (m rabbit.Message, finish func(error)) {
	t.Helper()
	w := newWork(db.Pool)
	trying, end := make(chan struct{}), make(chan error)
	var once sync.Once
	w.set(func([]rabbit.Message) (err error) {
		once.Do(func() {
			close(trying)
			err = <-end
		})
		return err
	})
	c := consumer(db.Pool, w)
	list := messages("as it was")
	require.NoError(t, c.Batch(t.Context(), redelivered(list)))
	stop := run(t, c.Run)
	finish = func(err error) {
		select {
		case end <- err:
		case <-t.Context().Done():
		}
	}
	t.Cleanup(func() { // before Run's end is waited for
		close(end)
		stop()
	})
	<-trying
	return list[0], finish
}

// decisions are all that somebody can decide.
func decisions(db testkit.DB, id string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"edit":   func(ctx context.Context) error { return operator(db).Edit(ctx, id, []byte("edited")) },
		"drop":   func(ctx context.Context) error { return operator(db).Drop(ctx, id, "wrong") },
		"replay": func(ctx context.Context) error { return operator(db).Replay(ctx, id) },
	}
}

func TestParked_P11_NobodyDecidesWhileATryRuns(t *testing.T) {
	t.Parallel()
	db := database(t)
	m, finish := held(t, db)
	for name, decide := range decisions(db, m.ID) {
		err := decide(t.Context())
		require.ErrorIs(t, err, inbox.ErrBeingTried, name)
		require.ErrorContains(t, err, "at the latest", name)
		tried, ok := errors.AsType[*fault.Error](err)
		require.True(t, ok)
		require.Positive(t, tried.RetryAfter, name)
		require.LessOrEqual(t, tried.RetryAfter, 45*time.Second, name)
	}
	require.Equal(t, "waiting", parked(t, db.Pool, m.ID).Status)
	finish(nil)
	awaitStatus(t, db.Pool, m.ID, "done")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where body = 'as it was'`))
	for name, decide := range decisions(db, m.ID) {
		require.ErrorIs(t, decide(t.Context()), inbox.ErrNotParked, name)
	}
}

func TestCommand_P11_AnEditWaitsForTheEndOfATryAndIsNotLost(t *testing.T) {
	t.Parallel()
	db := database(t)
	m, finish := held(t, db)
	cure := filepath.Join(t.TempDir(), "cure")
	require.NoError(t, os.WriteFile(cure, []byte(`"cured"`), 0o600))
	said, edited := new(output), make(chan error, 1)
	go func() { edited <- operator(db).Run(t.Context(), plain, said, "edit", m.ID, cure) }()
	testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(said.String(), "waiting for its end") })
	require.Empty(t, edited)
	_, err := db.Pool.Exec(t.Context(), `update parked set attempts = $1`, attempts) // its last try, so that it is dead then
	require.NoError(t, err)
	finish(errPoison)
	require.NoError(t, <-edited)
	require.NoError(t, operator(db).Run(t.Context(), plain, said, "replay", m.ID))
	awaitStatus(t, db.Pool, m.ID, "done")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where body = 'cured'`))
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects`))
}

// output is what a command that runs beside the test has said so far.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

func TestParked_P11_AfterAProcessThatDiedInATryDecisionsWaitUntilItIsOver(t *testing.T) {
	t.Parallel()
	db, url := database(t), testkit.VHost(t)
	c := consumer(db.Pool, newWork(db.Pool))
	m := messages("as it was")[0]
	require.NoError(t, c.Batch(t.Context(), redelivered([]rabbit.Message{m})))
	require.True(t, process(t, db, url, "inbox.after_attempt", func() bool { return false }))
	for name, decide := range decisions(db, m.ID) {
		require.ErrorIs(t, decide(t.Context()), inbox.ErrBeingTried, name)
	}
	elapse(t, db)
	require.NoError(t, operator(db).Edit(t.Context(), m.ID, []byte("edited")))
	run(t, c.Run)
	require.NoError(t, operator(db).Replay(t.Context(), m.ID))
	awaitStatus(t, db.Pool, m.ID, "done")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where body = 'edited'`))
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects`))
}

// elapse lets the time of every try pass.
func elapse(t *testing.T, db testkit.DB) {
	t.Helper()
	_, err := db.Pool.Exec(t.Context(), `update parked set trying_until = trying_until - interval '1 minute'`)
	require.NoError(t, err)
}

func TestParked_P11_NothingIsDecidedAboutAMessageThatHadItsEffectMeanwhile(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := consumer(db.Pool, newWork(db.Pool))
	for name := range decisions(db, "") {
		m := messages("as it was")
		require.NoError(t, c.Batch(t.Context(), redelivered(m)))
		require.NoError(t, c.Batch(t.Context(), m), "another copy")
		require.ErrorIs(t, decisions(db, m[0].ID)[name](t.Context()), inbox.ErrHadEffect, name)
		require.Equal(t, "done", parked(t, db.Pool, m[0].ID).Status, name)
		require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where message_id = $1`, m[0].ID))
	}
}

// A try that takes longer than it may is told from the one that came after it, and its effect is told to the person who replays.
func TestParked_P11_ALateTryNeitherSettlesNorHidesTheEdit(t *testing.T) {
	t.Parallel()
	db := database(t)
	m, finish := held(t, db)
	finish(func() error {
		elapse(t, db)
		require.NoError(t, operator(db).Edit(t.Context(), m.ID, []byte("edited")))
		_, err := db.Pool.Exec(t.Context(), `update parked set status = 'waiting', next_at = now() + interval '1 hour'`) // or the try has no effect
		require.NoError(t, err)
		return nil
	}())
	testkit.Eventually(t, time.Minute, func() bool { return count(t, db.Pool, `select count(*) from effects`) == 1 })
	require.Equal(t, "waiting", parked(t, db.Pool, m.ID).Status, "not settled by a try that is over")
	require.ErrorIs(t, operator(db).Replay(t.Context(), m.ID), inbox.ErrHadEffect)
	require.Equal(t, "done", parked(t, db.Pool, m.ID).Status)
}
