// Package config says what can be set: README.md has the table.
package config

import (
	"errors"

	shared "marketplace/shared/config"
)

// Service is the name of the service and of its folder.
const Service = "user-service"

// minSecret is the least length of JWT_SECRET and JWT_SECRET_PREVIOUS in production, in bytes: who guesses either signs tokens.
const minSecret = 32

// Config is the configuration of user-service.
type Config struct {
	Fixed
	Live `live:"true"`
}

// Fixed are the settings that need a restart.
type Fixed struct {
	shared.Common

	JWTSecret         shared.Secret `mapstructure:"jwt_secret" default:"marketplace-development-secret-never-in-production" production:"required"`
	JWTSecretPrevious shared.Secret `mapstructure:"jwt_secret_previous"` // its access tokens stay valid for the 15 minutes after the secret was changed

	AdminEmail    string        `mapstructure:"admin_email" default:"admin@marketplace.local"`
	AdminPassword shared.Secret `mapstructure:"admin_password" default:"marketplace-admin" production:"required"`

	// TrustedProxies are the addresses or networks of gateways, whose
	// X-Forwarded-For is believed; nobody's unless it is set. It must hold the
	// gateway's address, or the network that it is from, and no more. Without that
	// the gateway counts as the one client that everybody is, and one guesser uses
	// up everybody's sign-ins.
	TrustedProxies []string `mapstructure:"trusted_proxies"`
}

// Live are the settings that may change while the service runs.
type Live struct {
	shared.CommonLive

	// Attempts per minute.
	RegistrationsPerAddress int `mapstructure:"registrations_per_address" default:"60"`
	LoginsPerAddress        int `mapstructure:"logins_per_address" default:"60"`
	// Attempts per hour, from one network and from all together.
	LoginsPerAccount           int `mapstructure:"logins_per_account" default:"10"`
	LoginsPerAccountEverywhere int `mapstructure:"logins_per_account_everywhere" default:"100"`
}

// Defaults are this service's own defaults of the common settings. It has no part
// in messages, so that it needs no broker.
func Defaults() map[string]any {
	return map[string]any{
		"server_port":  8081,
		"grpc_port":    0,
		"database_url": "postgres://user_service:marketplace-development@127.0.0.1:5432/marketplace?sslmode=disable",
		"rabbitmq_url": "",
	}
}

// Load reads the configuration.
func Load() (Config, error) { return shared.Load[Config](Service, Defaults()) }

// Validate refuses what would only fail later, or let strangers in.
func (c Config) Validate() error {
	if err := errors.Join(c.Common.Validate(), c.CommonLive.Validate()); err != nil {
		return err
	}
	if c.Environment == shared.Production && (len(c.JWTSecret) < minSecret || c.JWTSecretPrevious != "" && len(c.JWTSecretPrevious) < minSecret) {
		return errors.New("jwt_secret and jwt_secret_previous must have at least 32 random bytes (make secrets)")
	}
	if c.JWTSecret == "" || c.AdminEmail == "" || c.AdminPassword == "" {
		return errors.New("jwt_secret, admin_email and admin_password must not be empty")
	}
	if min(c.RegistrationsPerAddress, c.LoginsPerAddress, c.LoginsPerAccount) < 1 {
		return errors.New("attempts per minute or hour must be at least 1")
	}
	if c.LoginsPerAccountEverywhere <= c.LoginsPerAccount {
		return errors.New("logins_per_account_everywhere must be more than logins_per_account: one network must not use up the whole")
	}
	return nil
}
