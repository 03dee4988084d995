package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	shared "marketplace/shared/config"
	"marketplace/shared/testkit"
	"marketplace/user-service/internal/app"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/migrations"
)

func TestMain(tests *testing.M) {
	goleak.VerifyTestMain(tests, goleak.Cleanup(func(code int) {
		if built != "" {
			_ = os.RemoveAll(built)
		}
		os.Exit(code)
	}))
}

const (
	adminEmail    = "admin@marketplace.local"
	adminPassword = "marketplace-admin"
	goodPassword  = "correct horse battery"
)

// users is a running user-service with a database and a Redis of its own.
type users struct {
	t        testing.TB
	url      string
	cfg      config.Config
	db       testkit.DB
	client   *http.Client
	finished chan error
	stop     func() // as SIGTERM does; it may be called again
}

// start runs the service as main does; change may alter its configuration.
func start(t *testing.T, change ...func(*config.Config)) *users {
	t.Helper()
	db := testkit.Database(t, "user_service", migrations.Files)
	return startOn(t, db, append([]func(*config.Config){func(c *config.Config) {
		c.DatabaseURL = shared.Secret(db.URL)
		c.RedisURL = shared.Secret(testkit.Redis(t))
	}}, change...)...)
}

func startOn(t *testing.T, db testkit.DB, change ...func(*config.Config)) *users {
	t.Helper()
	u := launch(t, db, change...)
	u.up()
	return u
}

// launch does not wait until the service answers.
func launch(t *testing.T, db testkit.DB, change ...func(*config.Config)) *users {
	t.Helper()
	cfg := settings(t)
	for _, c := range change {
		c(&cfg)
	}
	ctx, stop := context.WithCancel(context.Background())
	u := &users{
		t: t, url: fmt.Sprintf("http://127.0.0.1:%d", cfg.ServerPort), cfg: cfg, db: db,
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}, finished: make(chan error, 1),
	}
	go func() { u.finished <- app.Run(ctx, cfg) }()
	u.stop = sync.OnceFunc(func() {
		stop()
		require.NoError(t, <-u.finished)
		u.client.CloseIdleConnections()
	})
	t.Cleanup(u.stop)
	return u
}

// up waits until the service answers.
func (u *users) up() {
	u.t.Helper()
	testkit.Eventually(u.t, 30*time.Second, func() error {
		_, err := u.try("GET", "/health/live", "", nil)
		return err
	})
}

// same is another replica of u: the same database, Redis and secrets.
func same(u *users) func(*config.Config) {
	return func(c *config.Config) {
		port := c.ServerPort
		*c = u.cfg
		c.ServerPort = port
	}
}

func settings(t testing.TB) config.Config {
	t.Helper()
	cfg, err := config.Load()
	require.NoError(t, err)
	cfg.LogLevel, cfg.ConsulURL, cfg.ServerPort, cfg.MaxConns = "error", "", testkit.FreePort(t), testkit.MaxConns(t, 4)
	cfg.RegistrationsPerAddress, cfg.LoginsPerAddress = 10_000, 10_000
	cfg.LoginsPerAccount, cfg.LoginsPerAccountEverywhere = 10_000, 10_001
	cfg.TrustedProxies = []string{"127.0.0.1"} // the test stands where the gateway does
	return cfg
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) json(t testing.TB) map[string]any {
	t.Helper()
	var decoded map[string]any
	require.NoError(t, json.Unmarshal(r.body, &decoded), "%s", r.body)
	return decoded
}

// code is the code of a problem; it checks that there is a whole one.
func (r reply) code(t testing.TB) string {
	t.Helper()
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), "%d %s", r.status, r.body)
	problem := r.json(t)
	require.EqualValues(t, r.status, problem["status"])
	for _, field := range []string{"type", "title", "detail", "trace_id"} {
		require.NotEmpty(t, problem[field], field)
	}
	return problem["code"].(string)
}

type header map[string]string

// send makes a request; body is sent as it is if it is a string, otherwise as JSON.
func (u *users) send(method, path, token string, body any, extra ...header) reply {
	u.t.Helper()
	r, err := u.try(method, path, token, body, extra...)
	require.NoError(u.t, err)
	return r
}

func (u *users) try(method, path, token string, body any, extra ...header) (reply, error) {
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequest(method, u.url+path, reader)
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, h := range extra {
		for name, value := range h {
			req.Header.Set(name, value)
		}
	}
	res, err := u.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, header: res.Header, body: read}, err
}

// person is somebody who is signed in.
type person struct{ id, access, refresh string }

type m = map[string]any

func (u *users) register(email string) person {
	u.t.Helper()
	r := u.send("POST", "/api/v1/auth/register", "", m{"email": email, "password": goodPassword, "name": "Ann"})
	require.Equal(u.t, http.StatusCreated, r.status, "%s", r.body)
	body := r.json(u.t)
	return person{
		id: body["user"].(m)["id"].(string), access: body["access_token"].(string), refresh: body["refresh_token"].(string),
	}
}

func (u *users) tryLogin(email, password string, extra ...header) reply {
	u.t.Helper()
	return u.send("POST", "/api/v1/auth/login", "", m{"email": email, "password": password}, extra...)
}

func (u *users) login(email, password string) person {
	u.t.Helper()
	r := u.tryLogin(email, password)
	require.Equal(u.t, http.StatusOK, r.status, "%s", r.body)
	return u.signedIn(r)
}

func (u *users) admin() person { u.t.Helper(); return u.login(adminEmail, adminPassword) }

func (u *users) signedIn(r reply) person {
	u.t.Helper()
	body := r.json(u.t)
	require.Equal(u.t, "Bearer", body["token_type"])
	require.EqualValues(u.t, 900, body["expires_in"])
	p := person{access: body["access_token"].(string), refresh: body["refresh_token"].(string)}
	me := u.send("GET", "/api/v1/users/me", p.access, nil)
	require.Equal(u.t, http.StatusOK, me.status, "%s", me.body)
	p.id = me.json(u.t)["id"].(string)
	return p
}

func (u *users) refresh(token string) reply {
	u.t.Helper()
	return u.send("POST", "/api/v1/auth/refresh", "", m{"refresh_token": token})
}

// exec changes the database behind the service's back.
func (u *users) exec(sql string, args ...any) {
	u.t.Helper()
	_, err := u.db.Pool.Exec(context.Background(), sql, args...)
	require.NoError(u.t, err)
}

func (u *users) count(sql string, args ...any) (n int) {
	u.t.Helper()
	require.NoError(u.t, u.db.Pool.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// refused waits until the access token does not count any more: the list of
// revocations is read once a second.
func (u *users) refused(within time.Duration, access string) {
	u.t.Helper()
	testkit.Eventually(u.t, within, func() error {
		r, err := u.try("GET", "/api/v1/users/me", access, nil)
		if err == nil && r.status != http.StatusUnauthorized {
			err = fmt.Errorf("the token still counts: %d", r.status)
		}
		return err
	})
}
