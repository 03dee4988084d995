package app_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	shared "marketplace/shared/config"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/migrations"
)

// Nothing needs a second connection while it holds one. (`TEST_MAX_CONNS=1 go
// test` runs everything else so.)
func TestEverything_P51_WorksWithOneConnection(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.MaxConns = 1 })
	admin := u.admin()
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			email := fmt.Sprintf("user%d@example.com", i)
			register := func() (reply, error) {
				return u.try("POST", "/api/v1/auth/register", "", m{"email": email, "password": goodPassword, "name": "Ann"})
			}
			r, err := register()
			for err == nil && r.status == http.StatusServiceUnavailable && r.code(t) == "sign_in_busy" {
				r, err = register() // a machine that hashes slowly
			}
			if err != nil || r.status != http.StatusCreated {
				t.Errorf("register: %v %s", err, r.body)
				return
			}
			body := r.json(t)
			for _, call := range []struct {
				method, path, token string
				body                any
				want                int
			}{
				{"POST", "/api/v1/auth/refresh", "", m{"refresh_token": body["refresh_token"]}, http.StatusOK},
				{"GET", "/api/v1/users/me", body["access_token"].(string), nil, http.StatusOK},
				{"PUT", "/api/v1/users/" + body["user"].(m)["id"].(string) + "/roles", admin.access, m{"roles": []string{"seller"}}, http.StatusOK},
				{"POST", "/api/v1/users/" + body["user"].(m)["id"].(string) + "/block", admin.access, nil, http.StatusOK},
			} {
				if r, err := u.try(call.method, call.path, call.token, call.body); err != nil || r.status != call.want {
					t.Errorf("%s: %v %d %s", call.path, err, r.status, r.body)
				}
			}
		})
	}
	wg.Wait()
}

func TestStart_P53_FiveReplicasAtOnceMigrateAndAppointOnce(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "user_service", migrations.Files)
	_, err := db.Pool.Exec(t.Context(), `DROP SCHEMA user_service CASCADE`)
	require.NoError(t, err)
	redisURL := testkit.Redis(t)
	var replicas []*users
	for range 5 {
		replicas = append(replicas, launch(t, db, func(c *config.Config) {
			c.DatabaseURL, c.RedisURL = shared.Secret(db.URL), shared.Secret(redisURL)
		}))
	}
	for _, u := range replicas {
		u.up()
		admin := u.admin()
		require.Equal(t, http.StatusOK, replicas[0].send("GET", "/api/v1/users", admin.access, nil).status, "tokens of one count at the others")
	}
	u := replicas[0]
	require.Equal(t, 1, u.count(`SELECT count(*) FROM users`))
	require.Equal(t, 1, u.count(`SELECT count(*) FROM schema_migrations WHERE NOT dirty`))
	ready := u.send("GET", "/health/ready", "", nil)
	require.Equal(t, "ready", ready.json(t)["status"])
}

func TestHealth_P49_DependsOnTheOwnDatabaseOnly(t *testing.T) {
	t.Parallel()
	database, redis := servers.Postgres(t), servers.Redis(t)
	u := startOn(t, testkit.DB{URL: database.URL}, func(c *config.Config) {
		c.DatabaseURL, c.RedisURL = shared.Secret(database.URL), shared.Secret(redis.URL)
	})
	is := func(status int, word string) {
		t.Helper()
		testkit.Eventually(t, time.Minute, func() error {
			r, err := u.try("GET", "/health/ready", "", nil)
			if err == nil && (r.status != status || r.json(t)["status"] != word) {
				err = fmt.Errorf("%d %s", r.status, r.body)
			}
			return err
		})
		require.Equal(t, http.StatusOK, u.send("GET", "/health/live", "", nil).status)
	}
	is(http.StatusOK, "ready")
	ann := u.register("ann@example.com")

	redis.Kill(t)
	is(http.StatusOK, "degraded")
	ann = u.signedIn(u.refresh(ann.refresh))
	redis.Start(t)
	is(http.StatusOK, "ready")

	database.Kill(t)
	is(http.StatusServiceUnavailable, "unavailable")
	away := u.refresh(ann.refresh)
	require.Equal(t, http.StatusServiceUnavailable, away.status)
	require.Equal(t, "database_unavailable", away.code(t))
	require.NotEmpty(t, away.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, u.send("GET", "/.well-known/jwks.json", "", nil).status, "the others can still verify")
	database.Start(t)
	is(http.StatusOK, "ready")
	u.signedIn(u.refresh(ann.refresh))
}
