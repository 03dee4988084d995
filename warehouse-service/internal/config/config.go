// Package config is what warehouse-service can be told.
package config

import (
	"errors"

	"marketplace/shared/config"
)

// Service is the name in Consul, in logs and in the environment's prefix.
const Service = "warehouse-service"

// Config is read from config.yaml, Consul and the environment; see marketplace/shared/config.
type Config struct {
	Fixed
	Live `live:"true"`
}

// Fixed are the settings that need a restart.
type Fixed struct {
	config.Common
	config.Upstreams

	// ProductServiceAddr is where the catalogue answers until Consul says so.
	ProductServiceAddr string `mapstructure:"product_service_addr" default:"127.0.0.1:9082"`
}

// Live are the settings that may change while the service runs.
type Live struct{ config.CommonLive }

// Load reads the configuration.
func Load() (Config, error) { return config.Load[Config](Service, Defaults()) }

// Defaults are those that differ from service to service. Nobody calls this service by gRPC, so it does not listen for it.
func Defaults() map[string]any {
	return map[string]any{
		"server_port":  8085,
		"grpc_port":    0,
		"database_url": "postgres://warehouse_service:marketplace-development@127.0.0.1:5432/marketplace?sslmode=disable",
		"rabbitmq_url": "amqp://warehouse-service:marketplace-development@127.0.0.1:5672/",
	}
}

// Validate refuses what would only fail later.
func (c Config) Validate() error {
	if _, err := c.Trusted(); err != nil {
		return err
	}
	return errors.Join(c.Common.Validate(), c.CommonLive.Validate())
}
