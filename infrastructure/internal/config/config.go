// Package config is what the gateway can be told. It has no database and no broker, so it does not share the services' list.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"marketplace/shared/config"
)

// Service is the gateway's name in Consul, in logs and in its settings' prefix.
const Service = "gateway"

// Config is the gateway's settings. LogLevel, RateLimit and RateBurst change without a restart.
type Config struct {
	Environment      string        `mapstructure:"environment" default:"development"`
	LogLevel         string        `mapstructure:"log_level" default:"info"`
	LogFormat        string        `mapstructure:"log_format" default:"json"`
	OTLPEndpoint     string        `mapstructure:"otel_exporter_otlp_endpoint"`
	TraceSampleRatio float64       `mapstructure:"trace_sample_ratio" default:"1"`
	ServerPort       int           `mapstructure:"server_port" default:"8080"`
	ConsulURL        string        `mapstructure:"consul_url" default:"http://127.0.0.1:8500"`
	JWKSURL          string        `mapstructure:"jwks_url" default:"http://127.0.0.1:8081/.well-known/jwks.json"`
	ShutdownGrace    time.Duration `mapstructure:"shutdown_grace" default:"20s"`

	// Where the services are until Consul has told of instances.
	UserServiceURL      string `mapstructure:"user_service_url" default:"http://127.0.0.1:8081"`
	ProductServiceURL   string `mapstructure:"product_service_url" default:"http://127.0.0.1:8082"`
	OrderServiceURL     string `mapstructure:"order_service_url" default:"http://127.0.0.1:8083"`
	PaymentServiceURL   string `mapstructure:"payment_service_url" default:"http://127.0.0.1:8084"`
	WarehouseServiceURL string `mapstructure:"warehouse_service_url" default:"http://127.0.0.1:8085"`

	MaxBody        int64         `mapstructure:"max_body" default:"16777216"`   // bytes; a service's own limit is lower for most routes
	BodyTimeout    time.Duration `mapstructure:"body_timeout" default:"30s"`    // for a body to arrive
	RequestTimeout time.Duration `mapstructure:"request_timeout" default:"15s"` // until the reply is complete; ?wait= comes on top
	StreamTimeout  time.Duration `mapstructure:"stream_timeout" default:"30m"`  // of a stream of events
	RateLimit      float64       `mapstructure:"rate_limit" default:"2000"`     // requests per second and client address
	RateBurst      int           `mapstructure:"rate_burst" default:"4000"`     // that a quiet client may send at once
	TrustedProxies string        `mapstructure:"trusted_proxies"`               // addresses or CIDRs, by commas, whose X-Forwarded-For is believed
	CORSOrigins    string        `mapstructure:"cors_origins" default:"*"`      // by commas; "*" is harmless with bearer tokens, which no browser sends by itself
}

// Load reads the settings.
func Load() (Config, error) { return config.Load[Config](Service) }

// Validate refuses values that would only fail later.
func (c Config) Validate() error {
	for name, positive := range map[string]bool{
		"max_body": c.MaxBody > 0, "body_timeout": c.BodyTimeout > 0, "request_timeout": c.RequestTimeout > 0, "stream_timeout": c.StreamTimeout > 0,
		"rate_limit": c.RateLimit > 0, "rate_burst": c.RateBurst > 0, "shutdown_grace": c.ShutdownGrace > 0,
	} {
		if !positive {
			return fmt.Errorf("%s must be positive", name)
		}
	}
	if _, err := zerolog.ParseLevel(c.LogLevel); err != nil || c.LogLevel == "" {
		return errors.New("log_level must be one of trace, debug, info, warn, error")
	}
	_, err := c.TrustedNetworks()
	return err
}

// Proxies are the trusted ones.
func (c Config) Proxies() []string { return split(c.TrustedProxies) }

// TrustedNetworks are the same as networks.
func (c Config) TrustedNetworks() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, proxy := range c.Proxies() {
		if single, err := netip.ParseAddr(proxy); err == nil {
			networks = append(networks, netip.PrefixFrom(single, single.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(proxy)
		if err != nil {
			return nil, fmt.Errorf("trusted_proxies: %q is neither an address nor a CIDR", proxy)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// Origins are the web sites that may call from a browser.
func (c Config) Origins() []string { return split(c.CORSOrigins) }

// Services are the configured addresses by name.
func (c Config) Services() map[string]string {
	return map[string]string{
		"user-service":      c.UserServiceURL,
		"product-service":   c.ProductServiceURL,
		"order-service":     c.OrderServiceURL,
		"payment-service":   c.PaymentServiceURL,
		"warehouse-service": c.WarehouseServiceURL,
	}
}

func split(list string) []string {
	var items []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
