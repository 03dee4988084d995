package due_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/due"
)

func TestLooks_AreFullAgainUntilAllWasFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l due.Looks
		require.Zero(t, l.From())
		require.Zero(t, l.From(), "nothing is noted of one that left older ones")
		l.Looked(time.Time{}, time.Millisecond)
		require.Equal(t, time.Now().Add(-due.Recent), l.From())
		l.Looked(l.From(), time.Hour) // a usual one changes nothing
		<-time.After(due.Every)       // on the clock of the bubble
		require.Zero(t, l.From())
	})
}

func TestLooks_ComeSoonAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l due.Looks
		l.Looked(time.Time{}, time.Minute)
		l.Failed()
		require.NotZero(t, l.From())
		<-time.After(due.Every) // on the clock of the bubble
		require.Zero(t, l.From())
	})
}

func TestRest_FromWhatTakesLong(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]time.Duration{
		time.Millisecond: 10 * time.Second, time.Second: 20 * time.Second, 2 * time.Second: 40 * time.Second, time.Hour: 45 * time.Second,
	} {
		require.Equal(t, want, due.Rest(took, 10*time.Second))
	}
}
