package app_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	shared "marketplace/shared/config"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/migrations"
)

func from(address string) header { return header{"X-Forwarded-For": address} }

// untilTooMany repeats an attempt that fails in the usual way until it is refused.
// On a slow machine some of the allowance comes back meanwhile.
func untilTooMany(t testing.TB, limit, usual int, attempt func(i int) reply) {
	t.Helper()
	began := time.Now()
	for i := 0; ; i++ {
		r := attempt(i)
		if r.status == http.StatusTooManyRequests {
			tooMany(t, r)
			require.GreaterOrEqual(t, i, limit, "the whole allowance can be used")
			return
		}
		require.Equal(t, usual, r.status, "%s", r.body)
		require.LessOrEqual(t, i, limit+int(time.Since(began).Minutes()*float64(limit)), "more than the allowance")
	}
}

// tooMany checks a refusal: when to come back, and at most an hour.
func tooMany(t testing.TB, r reply) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, r.status, "%s", r.body)
	require.Equal(t, "too_many_attempts", r.code(t))
	seconds, err := strconv.Atoi(r.header.Get("Retry-After"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, seconds, 1)
	require.LessOrEqual(t, seconds, 3600)
}

// accounts are one that exists and one that does not: nothing tells them apart.
var accounts = []string{"ann@example.com", "nobody@example.com"}

func TestLogin_P39_P40_AGuesserInOnePlaceDoesNotLockTheOwnerOutElsewhere(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.LoginsPerAccount, c.LoginsPerAccountEverywhere = 2, 4 })
	u.register("ann@example.com")
	for _, account := range accounts {
		guess := func(i int) reply { // every household has all of these addresses
			return u.tryLogin(account, "wrong password", from(fmt.Sprintf("2001:db8:bad:bad:%x::1", i)))
		}
		untilTooMany(t, 2, http.StatusUnauthorized, guess)
		for i := range 20 {
			tooMany(t, guess(i))
		}
	}
	for range 5 { // from where she never was; each success gives the allowance back
		require.Equal(t, http.StatusOK, u.tryLogin("ann@example.com", goodPassword, from("198.51.100.7")).status)
	}
	tooMany(t, u.tryLogin("ann@example.com", goodPassword, from("2001:db8:bad:bad::1")))
	require.Equal(t, http.StatusUnauthorized, u.tryLogin("bob@example.com", goodPassword, from("2001:db8:bad:bad::1")).status, "others are not concerned")
}

func TestLogin_P39_P40_GuessingFromManyNetworksIsBoundedAndTheOwnerSignsInAtHome(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.LoginsPerAccount, c.LoginsPerAccountEverywhere = 2, 4 })
	u.register("ann@example.com")
	require.Equal(t, http.StatusOK, u.tryLogin("ann@example.com", goodPassword, from("2001:db8:1:2:3:4:5:6")).status)

	for _, account := range accounts {
		untilTooMany(t, 4, http.StatusUnauthorized, func(i int) reply {
			return u.tryLogin(account, "wrong password", from(fmt.Sprintf("203.0.113.%d", i)))
		})
	}
	const home = "2001:db8:1:2:aaaa::1" // the household's network, another address in it
	require.Equal(t, http.StatusUnauthorized, u.tryLogin("ann@example.com", "a slip", from(home)).status)
	for range 5 {
		require.Equal(t, http.StatusOK, u.tryLogin("ann@example.com", goodPassword, from(home)).status)
	}
	tooMany(t, u.tryLogin("ann@example.com", goodPassword, from("203.0.113.200"))) // her success at home opened no door
}

func TestLogin_P40_OneAddressCannotTryManyAccounts(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.LoginsPerAddress = 3 })
	untilTooMany(t, 3, http.StatusUnauthorized, func(i int) reply {
		return u.tryLogin(fmt.Sprintf("user%d@example.com", i), "password1", from("203.0.113.9"))
	})
	require.Equal(t, http.StatusUnauthorized, u.tryLogin("another@example.com", "password1", from("203.0.113.10")).status)
}

func TestRegister_P39_IsThrottledPerAddress(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.RegistrationsPerAddress = 3 })
	untilTooMany(t, 3, http.StatusConflict, func(int) reply {
		return u.send("POST", "/api/v1/auth/register", "", m{"email": adminEmail, "password": goodPassword, "name": "Eve"})
	})
}

func TestLimiter_P34_AForgedForwardedForDoesNotHelp(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.LoginsPerAddress, c.TrustedProxies = 3, nil })
	untilTooMany(t, 3, http.StatusUnauthorized, func(i int) reply {
		return u.tryLogin(fmt.Sprintf("user%d@example.com", i), "password1", from(fmt.Sprintf("203.0.113.%d", i)))
	})
}

func TestPassword_P40_TheCurrentOneCannotBeGuessedAtAnUnlockedScreen(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.LoginsPerAccount = 2 })
	ann := u.register("ann@example.com")
	untilTooMany(t, 2, http.StatusUnprocessableEntity, func(int) reply {
		return u.send("POST", "/api/v1/users/me/password", ann.access, m{"current_password": "a guess", "new_password": goodPassword})
	})
}

func TestLogin_P38_AFloodIsRefusedAndEverybodyElseServed(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	flood := 33*runtime.GOMAXPROCS(0) + 60 // more than one network can have run and wait, whatever that is
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for i := range flood {
		wg.Go(func() {
			r, err := u.try("POST", "/api/v1/auth/login", "", m{"email": fmt.Sprintf("user%d@example.com", i), "password": "password1"})
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if statuses[r.status]++; r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") == "" {
				statuses[0]++
			}
		})
	}
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users/me", ann.access, nil).status, "while it lasts")
	wg.Wait()
	require.Zero(t, statuses[0], "every refusal says when to come back")
	require.Positive(t, statuses[http.StatusServiceUnavailable])
	require.Equal(t, flood, statuses[http.StatusServiceUnavailable]+statuses[http.StatusUnauthorized], "%v", statuses)
	u.login("ann@example.com", goodPassword)
}

// The flood is without end: each request that is answered is followed by another one. Nobody else is refused meanwhile, and nobody waits
// much longer than for the hashes of a round.
func TestLogin_P40_AFloodFromOneNetworkDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.register("ann@example.com")
	u.register("bob@example.com")
	const home, hotel = "198.51.100.7", "192.0.2.44"
	require.Equal(t, http.StatusOK, u.tryLogin("ann@example.com", goodPassword, from(home)).status)
	calm := u.timed(t, "ann@example.com", home)

	flood := u.flood(t, 64*runtime.GOMAXPROCS(0), "203.0.113.9")
	testkit.Eventually(t, time.Minute, func() bool { return flood.refused.Load() > 0 })
	for range 5 {
		owner, stranger := u.timed(t, "ann@example.com", home), u.timed(t, "bob@example.com", hotel)
		t.Logf("in calm %v; in the flood the owner at home %v, somebody in another network %v", calm, owner, stranger)
	}
	flood.stop()
	t.Logf("of the flood %d were answered and %d refused", flood.answered.Load(), flood.refused.Load())
	require.Positive(t, flood.answered.Load())
}

// timed signs somebody in, within a deadline.
func (u *users) timed(t testing.TB, email, network string) time.Duration {
	t.Helper()
	began := time.Now()
	r := u.tryLogin(email, goodPassword, from(network))
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	took := time.Since(began)
	require.Less(t, took, time.Minute) // the client of a busy machine waits as well; the figures are printed
	return took.Round(time.Millisecond)
}

// flood is guesses from one network, many at a time, until it is stopped.
type flood struct {
	answered, refused atomic.Int64
	stop              func()
}

func (u *users) flood(t testing.TB, atOnce int, network string) *flood {
	t.Helper()
	f := new(flood)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	f.stop = func() { cancel(); wg.Wait() }
	t.Cleanup(f.stop)
	for i := range atOnce {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				r, err := u.try("POST", "/api/v1/auth/login", "", m{"email": fmt.Sprintf("user%d.%d@example.com", i, n), "password": "password1"}, from(network))
				switch {
				case err != nil:
					return
				case r.status == http.StatusServiceUnavailable:
					f.refused.Add(1)
					select { // as fast as a guesser who has seen it
					case <-ctx.Done():
					case <-time.After(50 * time.Millisecond):
					}
				default:
					f.answered.Add(1)
				}
			}
		})
	}
	return f
}

// Redis that hangs is the worst case: it costs its time-out.
func TestLogin_P41_WithoutRedisStillLimitedAndNotSlow(t *testing.T) {
	t.Parallel()
	own := servers.Redis(t)
	db := testkit.Database(t, "user_service", migrations.Files)
	u := startOn(t, db, func(c *config.Config) {
		c.DatabaseURL, c.RedisURL, c.LoginsPerAccount = shared.Secret(db.URL), shared.Secret(own.URL), 2
	})
	ann := u.register("ann@example.com")
	five := func(name string) time.Duration {
		began := time.Now()
		for i := range 5 {
			require.Equal(t, http.StatusUnauthorized, u.tryLogin(fmt.Sprintf("user%d@%s.example.com", i, name), "password1").status)
		}
		return time.Since(began)
	}
	usual := five("with")
	check := func(name string) {
		// Ten time-outs of the client would be ten seconds more, at each try. What hashing takes depends on the machine, and on
		// what else runs there for a moment.
		enough := 2*usual + 4*time.Second
		took := five(name)
		for try := 2; took >= enough && try <= 3; try++ {
			took = five(fmt.Sprintf("%s-%d", name, try))
		}
		require.Less(t, took, enough, name)
		untilTooMany(t, 2, http.StatusUnauthorized, func(int) reply { return u.tryLogin(name+"@example.com", "password1") })
		ann = u.signedIn(u.refresh(ann.refresh))
	}
	own.Freeze(t)
	check("hung")
	own.Thaw(t)
	own.Kill(t)
	check("gone")
}
