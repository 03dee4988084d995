// Package config is what the gateway can be told. It has no database and no broker, so it does not share the services' list.
package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"marketplace/shared/config"
	"marketplace/shared/inspect"
)

// Service is the gateway's name in Consul, in logs and in its settings' prefix.
const Service = "gateway"

// Config is the gateway's settings.
type Config struct {
	Fixed
	Live `live:"true"`
}

// Fixed are the settings that need a restart.
type Fixed struct {
	config.Upstreams

	Environment      string        `mapstructure:"environment" default:"development"`
	LogFormat        string        `mapstructure:"log_format" default:"json"`
	OTLPEndpoint     string        `mapstructure:"otel_exporter_otlp_endpoint"`
	TraceSampleRatio float64       `mapstructure:"trace_sample_ratio" default:"1"`
	ServerHost       string        `mapstructure:"server_host" default:"127.0.0.1"` // where it listens: this machine alone, unless told otherwise
	ServerPort       int           `mapstructure:"server_port" default:"8080"`
	MetricsAddr      string        `mapstructure:"metrics_addr" default:"127.0.0.1:9080"` // for operators: clients reach no metrics
	ProfileAddr      string        `mapstructure:"profile_addr"`                          // of this machine alone, for net/http/pprof; none when empty
	ConsulURL        string        `mapstructure:"consul_url" default:"http://127.0.0.1:8500"`
	ConsulToken      config.Secret `mapstructure:"consul_http_token"` // of Consul's access control, when it is on
	JWKSURL          string        `mapstructure:"jwks_url" default:"http://127.0.0.1:8081/.well-known/jwks.json"`

	// Where the services are until Consul has told of instances.
	UserServiceURL      string `mapstructure:"user_service_url" default:"http://127.0.0.1:8081"`
	ProductServiceURL   string `mapstructure:"product_service_url" default:"http://127.0.0.1:8082"`
	OrderServiceURL     string `mapstructure:"order_service_url" default:"http://127.0.0.1:8083"`
	PaymentServiceURL   string `mapstructure:"payment_service_url" default:"http://127.0.0.1:8084"`
	WarehouseServiceURL string `mapstructure:"warehouse_service_url" default:"http://127.0.0.1:8085"`

	TrustedProxies string `mapstructure:"trusted_proxies"`          // addresses or CIDRs, by commas, whose X-Forwarded-For is believed
	CORSOrigins    string `mapstructure:"cors_origins" default:"*"` // by commas; "*" is harmless with bearer tokens, which no browser sends by itself

	SettingsFile string    `mapstructure:"-"` // of the checkout, when it was read: for the log
	LogOutput    io.Writer `mapstructure:"-"` // standard error when nil
}

// Live are the settings that may change while the gateway runs. A request keeps those that it began with.
type Live struct {
	config.CommonLive

	MaxBody        int64         `mapstructure:"max_body" default:"16777216"`       // bytes; a service's own limit is lower for most routes
	BodyTimeout    time.Duration `mapstructure:"body_timeout" default:"30s"`        // for a body to arrive
	RequestTimeout time.Duration `mapstructure:"request_timeout" default:"15s"`     // until the reply is complete; ?wait= comes on top
	StreamTimeout  time.Duration `mapstructure:"stream_timeout" default:"30m"`      // of a stream of events
	ReplyTimeout   time.Duration `mapstructure:"reply_timeout" default:"20s"`       // for a client to read a reply
	MaxReply       int64         `mapstructure:"max_reply" default:"1048576"`       // bytes of a reply that are held for its reader; more flows as it is read
	HeldReplies    int64         `mapstructure:"held_replies" default:"100663296"`  // bytes that are held of all replies together
	HeldPerClient  int64         `mapstructure:"held_per_client" default:"8388608"` // bytes that are held for one client address
	RateLimit      float64       `mapstructure:"rate_limit" default:"2000"`         // requests per second and client address
	RateBurst      int           `mapstructure:"rate_burst" default:"4000"`         // that a quiet client may send at once
}

// Load reads the settings.
func Load() (Config, error) { return config.Load[Config](Service) }

// Validate refuses values that would only fail later.
func (c Config) Validate() error {
	for name, positive := range map[string]bool{
		"max_body": c.MaxBody > 0, "body_timeout": c.BodyTimeout > 0, "request_timeout": c.RequestTimeout > 0, "stream_timeout": c.StreamTimeout > 0,
		"rate_limit": c.RateLimit > 0, "rate_burst": c.RateBurst > 0, "reply_timeout": c.ReplyTimeout > 0, "max_reply": c.MaxReply > 0,
	} {
		if !positive {
			return fmt.Errorf("%s must be positive", name)
		}
	}
	if c.HeldPerClient < c.MaxReply || c.HeldReplies < c.HeldPerClient {
		return errors.New("max_reply must fit into held_per_client, and that into held_replies")
	}
	if err := c.CommonLive.Validate(); err != nil {
		return err
	}
	if c.ProfileAddr != "" {
		if err := inspect.Loopback(c.ProfileAddr); err != nil {
			return err
		}
	}
	if _, err := c.Trusted(); err != nil {
		return err
	}
	return c.checkProxies()
}

// Proxies are the trusted ones.
func (c Fixed) Proxies() []string { return split(c.TrustedProxies) }

func (c Fixed) checkProxies() error {
	for _, proxy := range c.Proxies() {
		_, notAddress := netip.ParseAddr(proxy)
		if _, notNetwork := netip.ParsePrefix(proxy); notAddress != nil && notNetwork != nil {
			return fmt.Errorf("trusted_proxies: %q is neither an address nor a CIDR", proxy)
		}
	}
	return nil
}

// Origins are the web sites that may call from a browser.
func (c Fixed) Origins() []string { return split(c.CORSOrigins) }

// Services are the configured addresses by name.
func (c Fixed) Services() map[string]string {
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
