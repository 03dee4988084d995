package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/config/configtest"
	"marketplace/shared/testkit"
)

func TestSettings_LimitsAndTimesChangeInTheRunningGatewayAndAnAddressNeedsARestart(t *testing.T) {
	t.Parallel()
	consul, log := configtest.NewStore(t), &testkit.Log{}
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		wait := time.NewTimer(time.Second)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
		}
	}, func(c *config.Config) { c.ConsulURL, c.LogOutput, c.LogLevel = consul.URL, log, "info" })
	put := func(key, value, shown string) {
		t.Helper()
		consul.Put("config/gateway/"+key, value)
		testkit.Eventually(t, within, func() bool {
			return log.Lines("a setting has changed", `"key":"`+key+`"`, `"to":"`+shown+`"`) > 0
		}, key)
	}

	require.Equal(t, http.StatusOK, g.get(t, "/api/v1/orders/a").status)
	put("request_timeout", "300ms", "300ms")
	requireProblem(t, g.get(t, "/api/v1/orders/a"), http.StatusGatewayTimeout, "timeout")
	put("request_timeout", "10s", "10s")
	require.Equal(t, http.StatusOK, g.get(t, "/api/v1/orders/a").status)

	large := func() reply {
		return g.send(t, http.MethodPost, "/api/v1/orders", strings.NewReader(strings.Repeat("a", 2000)))
	}
	require.Equal(t, http.StatusOK, large().status)
	put("max_body", "1000", "1000")
	requireProblem(t, large(), http.StatusRequestEntityTooLarge, "body_too_large")

	put("held_per_client", "1048576", "1048576")
	put("rate_limit", "0.001", "0.001")
	put("rate_burst", "1", "1")
	testkit.Eventually(t, within, func() bool { return g.get(t, "/api/v1/nothing").status == http.StatusTooManyRequests })

	consul.Put("config/gateway/order_service_url", "http://127.0.0.1:1")
	testkit.Eventually(t, within, func() bool {
		return log.Lines(`"level":"warn"`, "needs a restart", `"refused":"http://127.0.0.1:1"`) == 1
	})
	consul.Put("config/gateway/max_reply", "2097152")
	testkit.Eventually(t, within, func() bool {
		return log.Lines("settings in Consul are invalid", "max_reply must fit into held_per_client") == 1
	})
}
