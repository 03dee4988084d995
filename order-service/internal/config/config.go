// Package config is what order-service can be told.
package config

import (
	"errors"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/config"
)

// Service is the name in Consul, in logs and in the environment's prefix.
const Service = "order-service"

// Config is read from config.yaml, Consul and the environment; see marketplace/shared/config.
type Config struct {
	Fixed
	Live `live:"true"`
}

// Fixed are the settings that need a restart.
type Fixed struct {
	config.Common
	config.Shop
	config.Upstreams

	// KeyLife is payment-service's setting, under the same name: how long the card processor certainly remembers an
	// idempotency key. The charge of an order that its deadline has cancelled is fenced under its key.
	KeyLife time.Duration `mapstructure:"stripe_key_life" default:"23h"`

	// TrustedProxies are the addresses or networks of gateways, whose X-Forwarded-For says where an order comes from; nobody's
	// is believed unless it is set. Where it does not hold the gateway's address, the gateway is the one client that everybody
	// is, and a single thief with stolen cards stops everybody's orders.
	TrustedProxies []string `mapstructure:"trusted_proxies"`

	// ProductServiceAddr is where the catalogue answers until Consul says so.
	ProductServiceAddr string `mapstructure:"product_service_addr" default:"127.0.0.1:9082"`
}

// Live are the settings that may change while the service runs.
type Live struct {
	config.CommonLive

	// OrderDeadline is how long an order may take to be confirmed before it is cancelled. An order keeps the deadline that it was
	// placed with.
	OrderDeadline time.Duration `mapstructure:"order_deadline" default:"15m"`

	// Limits on what a customer holds without paying. An order is open until it is confirmed or cancelled.
	OpenOrders int   `mapstructure:"open_orders_per_customer" default:"20"`
	OpenUnits  int64 `mapstructure:"open_units_per_customer" default:"1000"`

	// Limits on orders that end unpaid because of the customer: how many in how long a time. Each holds stock for payment-service's
	// AUTHENTICATION_TIME at most, so that Declines times this, as a share of CustomerWindow, bounds how long a customer who never
	// pays keeps goods from others. Many people share an address, whose window is therefore short. A window that becomes longer
	// counts the declines that are kept: those of the longest window until then.
	Declines           int           `mapstructure:"declines_per_customer" default:"20"`
	CustomerWindow     time.Duration `mapstructure:"decline_window_per_customer" default:"24h"`
	DeclinesPerAddress int           `mapstructure:"declines_per_address" default:"50"`
	AddressWindow      time.Duration `mapstructure:"decline_window_per_address" default:"15m"`
}

// Load reads the configuration.
func Load() (Config, error) { return config.Load[Config](Service, Defaults()) }

// Defaults are those that differ from service to service. Nobody calls this service by gRPC, so it does not listen for it.
func Defaults() map[string]any {
	return map[string]any{
		"server_port":  8083,
		"grpc_port":    0,
		"database_url": "postgres://order_service:marketplace-development@127.0.0.1:5432/marketplace?sslmode=disable",
		"rabbitmq_url": "amqp://order-service:marketplace-development@127.0.0.1:5672/",
	}
}

// Validate refuses what would only fail later.
func (c Config) Validate() error {
	switch {
	case c.OrderDeadline < time.Second:
		return errors.New("order_deadline must be at least 1s")
	case c.OrderDeadline >= c.KeyLife:
		return errors.New("order_deadline must be below stripe_key_life")
	case c.OpenOrders < 1 || c.OpenUnits < 1 || c.Declines < 1 || c.DeclinesPerAddress < 1:
		return errors.New("limits per customer and per address must be at least 1")
	case c.CustomerWindow < time.Second || c.AddressWindow < time.Second:
		return errors.New("decline_window_per_customer and decline_window_per_address must be at least 1s")
	}
	if _, err := c.Accepted(); err != nil {
		return err
	}
	if _, err := c.Trusted(); err != nil {
		return err
	}
	return errors.Join(c.Common.Validate(), c.CommonLive.Validate())
}

// Limits are those on what is held or tried without paying.
func (l Live) Limits() domain.Limits {
	return domain.Limits{
		OpenOrders: l.OpenOrders, OpenUnits: l.OpenUnits,
		Declines: l.Declines, Window: l.CustomerWindow,
		DeclinesPerAddress: l.DeclinesPerAddress, AddressWindow: l.AddressWindow,
	}
}
