// Package config is what order-service can be told.
package config

import (
	"errors"
	"time"

	"marketplace/shared/config"
)

// Service is the name in Consul, in logs and in the environment's prefix.
const Service = "order-service"

// Config is read from config.yaml, Consul and the environment; see marketplace/shared/config.
type Config struct {
	config.Common

	// OrderDeadline is how long an order may take to be confirmed before it is cancelled.
	OrderDeadline time.Duration `mapstructure:"order_deadline" default:"15m"`

	// ProductServiceAddr is where the catalogue answers until Consul says so.
	ProductServiceAddr string `mapstructure:"product_service_addr" default:"127.0.0.1:50052"`
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
	if c.OrderDeadline < time.Second {
		return errors.New("order_deadline must be at least 1s")
	}
	return c.Common.Validate()
}
