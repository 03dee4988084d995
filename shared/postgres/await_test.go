package postgres_test

import (
	"context"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

func TestOpen_SaysOnceWhatIsWrongAndKeepsTrying(t *testing.T) {
	t.Parallel()
	refused, err := url.Parse(testkit.Server(t))
	require.NoError(t, err)
	refused.User = url.UserPassword(refused.User.Username(), "hunter2")
	nowhere := *refused
	nowhere.Path = "/" + testkit.Prefix(t)
	nowhere.User = mustParse(t, testkit.Server(t)).User
	for name, c := range map[string]struct{ url, said string }{
		"a wrong password": {refused.String(), "refuses the user or the password of DATABASE_URL"},
		"no such database": {nowhere.String(), "does not have the database"},
		"no server":        {"postgres://shop:hunter2@127.0.0.1:1/shop", "no PostgreSQL answers: start one with `make run`"},
	} {
		log := openFor(t, time.Second, c.url)
		require.Equal(t, 1, strings.Count(log, `"level":"warn"`), "%s: %s", name, log)
		require.Contains(t, log, c.said, name)
		require.Contains(t, log, `"level":"debug"`, "it goes on trying: %s", name)
		require.NotContains(t, log, "hunter2", name)
	}
}

// openFor tries to open for a while, and returns the log.
func openFor(t *testing.T, d time.Duration, address string) string {
	t.Helper()
	var log testkit.Log
	tel, err := telemetry.Setup(t.Context(), "test", telemetry.Options{LogLevel: "debug", Output: io.Writer(&log)})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	_, err = postgres.Open(ctx, postgres.Config{URL: address, Schema: schema, Telemetry: tel})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	return log.String()
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}
