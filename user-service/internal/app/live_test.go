package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/config/configtest"
	"marketplace/shared/testkit"
	"marketplace/user-service/internal/config"
)

func TestSettings_ALimitChangesInTheRunningServiceAndASecretNeedsARestart(t *testing.T) {
	t.Parallel()
	consul, log := configtest.NewStore(t), &testkit.Log{}
	u := start(t, func(c *config.Config) { c.ConsulURL, c.LogOutput, c.LogLevel = consul.URL, log, "info" })
	put := func(key, value string) {
		t.Helper()
		consul.Put("config/user-service/"+key, value)
		testkit.Eventually(t, time.Minute, func() bool {
			return log.Lines("a setting has changed", `"key":"`+key+`"`, `"to":"`+value+`"`) > 0
		}, key)
	}
	guess := func(address string) func(int) reply {
		return func(i int) reply { return u.tryLogin(fmt.Sprintf("user%d@example.com", i), "password1", from(address)) }
	}
	put("logins_per_address", "3")
	untilTooMany(t, 3, http.StatusUnauthorized, guess("203.0.113.9"))
	put("logins_per_address", "5")
	untilTooMany(t, 5, http.StatusUnauthorized, guess("203.0.113.10"))

	consul.Put("config/user-service/jwt_secret", "another-marketplace-secret-of-somebody")
	testkit.Eventually(t, time.Minute, func() bool { return log.Lines(`"level":"warn"`, "needs a restart", `"key":"jwt_secret"`) == 1 })
	require.NotContains(t, log.String(), "another-marketplace-secret")

	consul.Put("config/user-service/logins_per_account_everywhere", "1")
	testkit.Eventually(t, time.Minute, func() bool {
		return log.Lines("settings in Consul are invalid", "one network must not use up the whole") == 1
	})
}
