package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
)

func TestLoad_RefusesWhatWouldOnlyFailLater(t *testing.T) {
	t.Setenv("GATEWAY_CONSUL_URL", "http://127.0.0.1:1")
	_, err := config.Load()
	require.NoError(t, err)
	for variable, values := range map[string][]string{
		"LOG_LEVEL":         {"loud"},
		"MAX_BODY":          {"0", "-1"},
		"RATE_LIMIT":        {"0"},
		"REQUEST_TIMEOUT":   {"0s"},
		"TRUSTED_PROXIES":   {"10.0.0.0/33", "the proxy"},
		"TRUSTED_UPSTREAMS": {"10.0.0.0/33", "user-service"},
	} {
		for _, value := range values {
			t.Run(variable+"="+value, func(t *testing.T) {
				t.Setenv("GATEWAY_"+variable, value)
				_, err := config.Load()
				require.Error(t, err)
			})
		}
	}
}
