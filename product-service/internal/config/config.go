// Package config says what can be set: README.md has the table.
package config

import (
	"errors"

	shared "marketplace/shared/config"
)

// Service is the name of the service and of its folder.
const Service = "product-service"

// Config is the configuration of product-service.
type Config struct {
	Fixed
	Live `live:"true"`
}

// Fixed are the settings that need a restart.
type Fixed struct {
	shared.Common
	shared.Shop
}

// Live are the settings that may change while the service runs.
type Live struct{ shared.CommonLive }

// Validate refuses what would only fail later.
func (c Config) Validate() error {
	if _, err := c.Accepted(); err != nil {
		return err
	}
	return errors.Join(c.Common.Validate(), c.CommonLive.Validate())
}

// Defaults are this service's own defaults of the common settings. It has no part in messages, so that it needs no broker.
func Defaults() map[string]any {
	return map[string]any{
		"server_port":  8082,
		"grpc_port":    9082,
		"database_url": "postgres://product_service:marketplace-development@127.0.0.1:5432/marketplace?sslmode=disable",
		"rabbitmq_url": "",
	}
}

// Load reads the configuration.
func Load() (Config, error) { return shared.Load[Config](Service, Defaults()) }
