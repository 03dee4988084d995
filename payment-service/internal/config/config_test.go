package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/config"
	sharedconfig "marketplace/shared/config"
)

func TestConfig_P45_ProductionRefusesWhatTheSandboxUses(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	t.Setenv("ENVIRONMENT", sharedconfig.Production)
	_, err := config.Load()
	for _, name := range []string{"stripe_api_url", "stripe_secret_key", "stripe_webhook_secret", "database_url", "rabbitmq_url"} {
		require.ErrorContains(t, err, strings.ToUpper(name))
	}
	require.NotContains(t, err.Error(), "sk_test_marketplace")
}

func TestConfig_P45_ProductionTakesMoneyOnly(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	t.Setenv("ENVIRONMENT", sharedconfig.Production)
	for name, value := range map[string]string{
		"DATABASE_URL": "postgres://p:x@db/m", "RABBITMQ_URL": "amqp://p:x@mq/", "REDIS_URL": "redis://:x@r", "STRIPE_WEBHOOK_SECRET": "whsec_x",
		"STRIPE_API_URL": "https://api.example", "STRIPE_SECRET_KEY": "sk_live_x",
	} {
		t.Setenv(name, value)
	}
	_, err := config.Load()
	require.NoError(t, err)
	for _, wrong := range [][2]string{
		{"STRIPE_API_URL", "http://api.example"}, {"STRIPE_SECRET_KEY", "sk_test_x"}, {"STRIPE_SECRET_KEY", "rk_test_x"},
	} {
		t.Run(wrong[1], func(t *testing.T) {
			t.Setenv(wrong[0], wrong[1])
			_, err := config.Load()
			require.ErrorContains(t, err, strings.ToLower(wrong[0]))
		})
	}
}

func TestConfig_TwoWebhookSecretsAreValidWhileOneIsReplaced(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	t.Setenv("STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_old,")
	cfg, err := config.Load()
	require.NoError(t, err)
	require.Equal(t, []sharedconfig.Secret{"whsec_new", "whsec_old"}, cfg.WebhookSecrets())
}

func TestConfig_RefusesWhatCannotWork(t *testing.T) {
	for name, value := range map[string]string{
		"STRIPE_API_URL": "nowhere", "STRIPE_WEBHOOK_SECRET": " ,", "STRIPE_TIMEOUT": "1ms", "STRIPE_CALLS": "0",
		"STRIPE_KEY_LIFE": "15m", "AUTHENTICATION_TIME": "15m", "ORDER_DEADLINE": "23h", "CURRENCIES": "LYD", "SHOP_CURRENCY": "CHF",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CONSUL_URL", "")
			t.Setenv(name, value)
			_, err := config.Load()
			require.ErrorContains(t, err, strings.ToLower(name))
		})
	}
}
