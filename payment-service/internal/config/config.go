// Package config is what payment-service can be told.
package config

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
)

// Service is the name in Consul, in logs and in the environment's prefix.
const Service = "payment-service"

// Config is read from config.yaml, Consul and the environment; see marketplace/shared/config.
type Config struct {
	Fixed
	Live `live:"true"`
}

// Fixed are the settings that need a restart.
type Fixed struct {
	config.Common
	config.Shop

	// The card processor. The defaults are those of the sandbox (cmd/sandbox).
	StripeURL     string        `mapstructure:"stripe_api_url" default:"http://127.0.0.1:8090" production:"required"`
	StripeKey     config.Secret `mapstructure:"stripe_secret_key" default:"sk_test_marketplace" production:"required"`
	WebhookSecret config.Secret `mapstructure:"stripe_webhook_secret" default:"whsec_marketplace" production:"required"` // two with a comma while one is replaced

	StripeCalls int `mapstructure:"stripe_calls" default:"64"` // at once
	// KeyLife is how long the processor certainly remembers idempotency keys. Stripe forgets them after 24 hours at the earliest. It is a
	// property of the processor, and what was charged before relies on it: it changes with the processor only.
	KeyLife time.Duration `mapstructure:"stripe_key_life" default:"23h"`
}

// Live are the settings that may change while the service runs.
type Live struct {
	config.CommonLive

	StripeTimeout time.Duration `mapstructure:"stripe_timeout" default:"10s"` // of all calls for one attempt
	// AuthenticationTime is how long a shopper may take to authenticate (3-D Secure) before the payment fails. Stock is held meanwhile.
	// A payment that waits already is held to a new value from its next look at the processor.
	AuthenticationTime time.Duration `mapstructure:"authentication_time" default:"5m"`
	// OrderDeadline is order-service's setting, under the same name: the longest that an order waits for its payment. Here it only
	// bounds the other times.
	OrderDeadline time.Duration `mapstructure:"order_deadline" default:"15m"`
	// RefundLimitSupport is what members of the staff who are no administrators give back of one payment without a second person,
	// in minor units of ShopCurrency; of a payment in another currency they give back nothing alone.
	RefundLimitSupport int64 `mapstructure:"refund_limit_support" default:"50000"`
	// RefundLimitSupportDay is what one of them gives back so in 24 hours.
	RefundLimitSupportDay int64 `mapstructure:"refund_limit_support_day" default:"200000"`
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
func (c Fixed) WebhookSecrets() (secrets []config.Secret) {
	for part := range strings.SplitSeq(c.WebhookSecret.Reveal(), ",") {
		if part = strings.TrimSpace(part); part != "" {
			secrets = append(secrets, config.Secret(part))
		}
	}
	return secrets
}

// Limits are those of members of the staff who are limited.
func (c Config) Limits() domain.Limits {
	return domain.Limits{Currency: c.ShopCurrency, Payment: c.RefundLimitSupport, Today: c.RefundLimitSupportDay}
}

// Validate refuses what would only fail later.
func (c Config) Validate() error {
	u, err := url.Parse(c.StripeURL)
	if err != nil || u.Host == "" {
		return errors.New("stripe_api_url must be a URL with a host")
	}
	if c.Environment == config.Production {
		switch {
		case u.Scheme != "https":
			return errors.New("stripe_api_url must begin with https:// in production")
		case strings.Contains(c.StripeKey.Reveal(), "_test_"):
			return errors.New("stripe_secret_key is a key for tests: production needs one that moves money")
		}
	}
	if _, err := c.Accepted(); err != nil {
		return err
	}
	switch {
	case c.StripeKey == "":
		return errors.New("stripe_secret_key must not be empty")
	case len(c.WebhookSecrets()) == 0:
		return errors.New("stripe_webhook_secret must not be empty")
	case c.StripeTimeout < time.Second:
		return errors.New("stripe_timeout must be at least 1s")
	case c.RefundLimitSupport < 0 || c.RefundLimitSupportDay < 0:
		return errors.New("refund_limit_support and refund_limit_support_day must not be negative")
	case c.StripeCalls < 1:
		return errors.New("stripe_calls must be at least 1")
	case c.KeyLife <= c.OrderDeadline+c.StripeTimeout:
		// When the deadline cancels an order, its charge is fenced under the key.
		return errors.New("stripe_key_life must be longer than order_deadline and stripe_timeout together")
	case c.AuthenticationTime < time.Second || c.AuthenticationTime >= c.OrderDeadline:
		return errors.New("authentication_time must be at least 1s and below order_deadline")
	}
	return errors.Join(c.Common.Validate(), c.CommonLive.Validate())
}
