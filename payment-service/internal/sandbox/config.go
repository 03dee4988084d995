package sandbox

import (
	"errors"
	"net/url"
	"time"

	"marketplace/shared/config"
)

// Config is what the sandbox can be told. Every variable may have the prefix SANDBOX_, which wins; WEBHOOK_URL and
// WEBHOOK_SECRET are meant to be used with it.
type Config struct {
	config.Common
	config.CommonLive               // not here: the sandbox does not follow Consul, which gives it no token. What may change are its faults
	StripeKey         config.Secret `mapstructure:"stripe_secret_key" default:"sk_test_marketplace"`
	WebhookURL        string        `mapstructure:"webhook_url" default:"http://127.0.0.1:8084/api/v1/webhooks/stripe"` // empty: nobody is told
	WebhookSecret     config.Secret `mapstructure:"webhook_secret" default:"whsec_marketplace"`
	KeyRetention      time.Duration `mapstructure:"key_retention" default:"24h"` // of idempotency keys
	SearchLag         time.Duration `mapstructure:"search_lag" default:"1m"`     // how far search is behind
	SettleDelay       time.Duration `mapstructure:"settle_delay" default:"2s"`   // of answers that come later
	TLSCert           string        `mapstructure:"tls_cert_file"`               // PEM; https when set, as production demands it of a processor
	TLSKey            string        `mapstructure:"tls_key_file"`
}

// Load reads the configuration.
func Load() (Config, error) {
	return config.Load[Config]("sandbox", map[string]any{
		"server_port":  8090,
		"database_url": "postgres://sandbox:marketplace-development@127.0.0.1:5432/marketplace?sslmode=disable",
	})
}

// Validate refuses what cannot work.
func (c Config) Validate() error {
	if c.Environment == config.Production {
		return errors.New("the sandbox moves no money: it does not run with ENVIRONMENT=production")
	}
	if c.StripeKey == "" {
		return errors.New("STRIPE_SECRET_KEY must not be empty")
	}
	if u, err := url.Parse(c.WebhookURL); c.WebhookURL != "" && (err != nil || u.Host == "") {
		return errors.New("SANDBOX_WEBHOOK_URL must be a URL with a host")
	}
	if c.WebhookURL != "" && c.WebhookSecret == "" {
		return errors.New("SANDBOX_WEBHOOK_SECRET must not be empty")
	}
	if c.KeyRetention <= 0 || c.SearchLag < 0 || c.SettleDelay < 0 {
		return errors.New("KEY_RETENTION must be positive, SEARCH_LAG and SETTLE_DELAY not negative")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("TLS_CERT_FILE and TLS_KEY_FILE belong together: set both or none")
	}
	return errors.Join(c.Common.Validate(), c.CommonLive.Validate())
}
