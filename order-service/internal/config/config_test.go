package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/config"
	"marketplace/order-service/internal/domain"
)

func TestConfig_P57_RefusesADeadlineThatTheKeyOfAChargeMayNotOutlive(t *testing.T) {
	for name, values := range map[string][]string{
		"no deadline":               {"ORDER_DEADLINE=1ms"},
		"a deadline of a day":       {"ORDER_DEADLINE=24h"},
		"as long as the key":        {"ORDER_DEADLINE=2h", "STRIPE_KEY_LIFE=2h"},
		"a key that is short-lived": {"STRIPE_KEY_LIFE=10m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CONSUL_URL", "")
			for _, v := range values {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv(name, value)
			}
			_, err := config.Load()
			require.ErrorContains(t, err, "order_deadline")
		})
	}
	t.Setenv("CONSUL_URL", "")
	t.Setenv("ORDER_DEADLINE", "22h")
	_, err := config.Load()
	require.NoError(t, err)
}

func TestConfig_P60_LimitsHaveDefaultsAndAreNeverOff(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	cfg, err := config.Load()
	require.NoError(t, err)
	require.Equal(t, domain.Limits{
		OpenOrders: 20, OpenUnits: 1000, Declines: 20, Window: 24 * time.Hour, DeclinesPerAddress: 50, AddressWindow: 15 * time.Minute,
	}, cfg.Limits())
	require.Empty(t, cfg.TrustedProxies, "a process on the same machine is no gateway by that")

	for _, name := range []string{"OPEN_ORDERS_PER_CUSTOMER", "OPEN_UNITS_PER_CUSTOMER", "DECLINES_PER_CUSTOMER", "DECLINES_PER_ADDRESS"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "0")
			_, err := config.Load()
			require.ErrorContains(t, err, "at least 1")
		})
	}
	for _, name := range []string{"DECLINE_WINDOW_PER_CUSTOMER", "DECLINE_WINDOW_PER_ADDRESS"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "1ms")
			_, err = config.Load()
			require.ErrorContains(t, err, "decline_window")
		})
	}
}

func TestConfig_RefusesATrustedUpstreamThatIsNoNetwork(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	t.Setenv("TRUSTED_UPSTREAMS", "product-service")
	_, err := config.Load()
	require.ErrorContains(t, err, "trusted_upstreams")
}
