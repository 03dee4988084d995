package service

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/testkit"
	"marketplace/user-service/internal/throttle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var usual = Limits{LoginsPerAccount: 10, LoginsPerAccountEverywhere: 100}

// door lets attempts at Ann's account pass or not, by a clock of its own: Redis,
// which has one too, is gone.
type door struct {
	t       *testing.T
	clock   *testkit.Clock
	limiter Limiter
}

func newDoor(t *testing.T) door {
	t.Helper()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	client := redis.NewClient(&redis.Options{Addr: gone.Addr().String(), MaxRetries: -1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	return door{t: t, clock: clock, limiter: throttle.New(client, zerolog.Nop(), clock.Now)}
}

// opens says whether a password may be tried from a network.
func (d door) opens(network string, known bool) bool {
	a := newAttempt(d.limiter, usual, "Ann@Example.com", network)
	err := a.begin(d.t.Context())
	if err == nil && !known {
		err = a.countEverywhere(d.t.Context())
	}
	if err != nil {
		require.ErrorIs(d.t, err, throttle.ErrTooMany)
	}
	return err == nil
}

// signsIn is an attempt with the right password.
func (d door) signsIn(email, network string, known bool) {
	d.t.Helper()
	a := newAttempt(d.limiter, usual, email, network)
	require.NoError(d.t, a.begin(d.t.Context()))
	if !known {
		require.NoError(d.t, a.countEverywhere(d.t.Context()))
	}
	a.end(d.t.Context(), nil)
}

const hours = 24

func TestAttempt_P40_ADayOfGuessingInOneNetworkLeavesTheOwnerElsewhereTheDoorOpen(t *testing.T) {
	d := newDoor(t)
	guesses := 0
	for minute := range hours * 60 {
		for range 10 {
			if d.opens("203.0.113.9", false) {
				guesses++
			}
			d.clock.Advance(6 * time.Second)
		}
		if minute%10 == 0 { // from another place each time, and never with success
			require.True(t, d.opens(fmt.Sprintf("198.51.100.%d", minute/10), false), "after %d minutes", minute)
		}
	}
	require.InDelta(t, usual.LoginsPerAccount*(1+hours), guesses, 1)
}

func TestAttempt_P40_ADayOfGuessingInTenThousandNetworksIsBoundedAndTheOwnerIsInAtHome(t *testing.T) {
	d := newDoor(t)
	guesses := 0
	for minute := range hours * 60 {
		for i := range 10 {
			if d.opens(fmt.Sprintf("network %d", minute*10+i), false) {
				guesses++
			}
			d.clock.Advance(6 * time.Second)
		}
		if minute%10 == 0 {
			require.True(t, d.opens("home", true), "after %d minutes", minute)
			d.signsIn("ann@example.com", "home", true)
		}
	}
	require.InDelta(t, usual.LoginsPerAccountEverywhere*(1+hours), guesses, 1)
}

func TestAttempt_P40_SuccessGivesTheOwnerEverythingBack(t *testing.T) {
	d := newDoor(t)
	for i := range usual.LoginsPerAccountEverywhere {
		require.True(t, d.opens(fmt.Sprint("office ", i), false))
	}
	require.False(t, d.opens("another", false))
	d.clock.Advance(time.Hour / time.Duration(usual.LoginsPerAccountEverywhere))
	d.signsIn(" ANN@example.com", "hotel", false)
	for i := range usual.LoginsPerAccountEverywhere {
		require.True(t, d.opens(fmt.Sprint("later ", i), false))
	}
}

// Who mistypes the address has no account that somebody else could use up.
func TestAttempt_InvalidAddressesAreNotOneAccount(t *testing.T) {
	d := newDoor(t)
	for i := range 3 * usual.LoginsPerAccount {
		a := newAttempt(d.limiter, usual, fmt.Sprintf("no address %d", i), "home")
		require.NoError(t, a.begin(t.Context()))
	}
}
