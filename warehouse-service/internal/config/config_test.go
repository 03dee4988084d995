package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/warehouse-service/internal/config"
)

func TestConfig_RefusesWhatWouldOnlyFailLater(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	_, err := config.Load()
	require.NoError(t, err)
	for variable, value := range map[string]string{"TRUSTED_UPSTREAMS": "product-service", "LOG_LEVEL": "loud"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			_, err := config.Load()
			require.Error(t, err)
		})
	}
}
