// Package config is what payment-service can be told.
package config

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"marketplace/shared/config"
)

// Service is the name in Consul, in logs and in the environment's prefix.
const Service = "payment-service"

// Config is read from config.yaml, Consul and the environment; see marketplace/shared/config.
type Config struct {
	config.Common `mapstructure:",squash"`

	// The card processor. The defaults are those of the sandbox (cmd/sandbox).
	StripeURL     string        `mapstructure:"stripe_api_url" default:"http://127.0.0.1:8090" production:"required"`
	StripeKey     config.Secret `mapstructure:"stripe_secret_key" default:"sk_test_marketplace" production:"required"`
	WebhookSecret config.Secret `mapstructure:"stripe_webhook_secret" default:"whsec_marketplace" production:"required"` // two with a comma while one is replaced

	StripeTimeout time.Duration `mapstructure:"stripe_timeout" default:"10s"` // of one call
	StripeCalls   int           `mapstructure:"stripe_calls" default:"64"`    // at once
	// KeyLife is how long the processor certainly remembers idempotency keys. Stripe forgets them after 24 hours at the earliest.
	KeyLife time.Duration `mapstructure:"stripe_key_life" default:"23h"`
	// GiveUp is after how long a charge that no look-up finds counts as never made.
	GiveUp time.Duration `mapstructure:"stripe_give_up" default:"30m"`
}

// Load reads the configuration.
func Load() (Config, error) { return config.Load[Config](Service, Defaults()) }

// Defaults are those that differ from service to service.
func Defaults() map[string]any {
	return map[string]any{
		"server_port":  8084,
		"grpc_port":    0, // no service calls this one
		"database_url": "postgres://payment_service:marketplace-development@127.0.0.1:5432/marketplace?sslmode=disable",
		"rabbitmq_url": "amqp://payment-service:marketplace-development@127.0.0.1:5672/",
	}
}

// WebhookSecrets are the secrets that may sign webhooks.
func (c Config) WebhookSecrets() (secrets []config.Secret) {
	for part := range strings.SplitSeq(c.WebhookSecret.Reveal(), ",") {
		if part = strings.TrimSpace(part); part != "" {
			secrets = append(secrets, config.Secret(part))
		}
	}
	return secrets
}

// Validate refuses what would only fail later.
func (c Config) Validate() error {
	if u, err := url.Parse(c.StripeURL); err != nil || u.Host == "" {
		return errors.New("stripe_api_url must be a URL with a host")
	}
	switch {
	case c.StripeKey == "":
		return errors.New("stripe_secret_key must not be empty")
	case len(c.WebhookSecrets()) == 0:
		return errors.New("stripe_webhook_secret must not be empty")
	case c.StripeTimeout < time.Second:
		return errors.New("stripe_timeout must be at least 1s")
	case c.StripeCalls < 1:
		return errors.New("stripe_calls must be at least 1")
	case c.KeyLife <= c.StripeTimeout || c.GiveUp <= c.StripeTimeout:
		return errors.New("stripe_key_life and stripe_give_up must be longer than stripe_timeout")
	}
	return c.Common.Validate()
}
