package config

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"marketplace/shared/inspect"
)

// Environments.
const (
	Development = "development"
	Production  = "production"
)

// Common is what every service can be told and keeps until its next start: where things are, what it is, how much it may open. A
// service embeds it in its Fixed settings and gives its own defaults for ports and database.
type Common struct {
	Environment      string  `mapstructure:"environment" default:"development"`
	LogFormat        string  `mapstructure:"log_format" default:"json"`
	OTLPEndpoint     string  `mapstructure:"otel_exporter_otlp_endpoint"` // base URL of an OTLP/HTTP collector; tracing is off when empty
	TraceSampleRatio float64 `mapstructure:"trace_sample_ratio" default:"1"`
	ServerHost       string  `mapstructure:"server_host" default:"127.0.0.1"` // where it listens: this machine alone, unless told otherwise
	ServerPort       int     `mapstructure:"server_port"`
	GRPCPort         int     `mapstructure:"grpc_port"`
	GRPCCert         string  `mapstructure:"grpc_cert_file"` // PEM; mutual TLS for gRPC when set, and production demands it
	GRPCKey          string  `mapstructure:"grpc_key_file"`
	GRPCAuthority    string  `mapstructure:"grpc_authority_file"`
	DatabaseURL      Secret  `mapstructure:"database_url" production:"required"`
	MaxConns         int32   `mapstructure:"database_max_conns" default:"10"`
	RedisURL         Secret  `mapstructure:"redis_url" default:"redis://:marketplace-development@127.0.0.1:6379/0"`
	RabbitURL        Secret  `mapstructure:"rabbitmq_url" default:"amqp://guest:guest@127.0.0.1:5672/" production:"required"`
	ConsulURL        string  `mapstructure:"consul_url" default:"http://127.0.0.1:8500"`
	ConsulToken      Secret  `mapstructure:"consul_http_token"` // of Consul's access control, when it is on
	JWKSURL          string  `mapstructure:"jwks_url" default:"http://127.0.0.1:8081/.well-known/jwks.json"`
	ProfileAddr      string  `mapstructure:"profile_addr"` // of this machine alone, for net/http/pprof; none when empty

	SettingsFile string    `mapstructure:"-"` // of the checkout, when it was read: for the log
	LogOutput    io.Writer `mapstructure:"-"` // standard error when nil
}

// CommonLive is what every service can be told while it runs. A service embeds it in its Live settings.
type CommonLive struct {
	LogLevel      string        `mapstructure:"log_level" default:"info"`
	ShutdownGrace time.Duration `mapstructure:"shutdown_grace" default:"20s"` // for the whole stop; read when it begins
}

// HTTPAddr is the address that the service answers REST on.
func (c Common) HTTPAddr() string { return net.JoinHostPort(c.ServerHost, strconv.Itoa(c.ServerPort)) }

// GRPCAddr is the address that the service answers gRPC on.
func (c Common) GRPCAddr() string { return net.JoinHostPort(c.ServerHost, strconv.Itoa(c.GRPCPort)) }

// Validate refuses values that would only fail later, or not at all. The Validate of a service calls it, and CommonLive's.
func (c Common) Validate() error {
	if c.Environment != Development && c.Environment != Production {
		return fmt.Errorf("environment must be %s or %s", Development, Production)
	}
	if c.LogFormat != "json" && c.LogFormat != "console" {
		return fmt.Errorf("log_format must be json or console")
	}
	if c.MaxConns < 1 {
		return fmt.Errorf("database_max_conns must be at least 1")
	}
	if c.TraceSampleRatio < 0 || c.TraceSampleRatio > 1 {
		return fmt.Errorf("trace_sample_ratio must be between 0 and 1")
	}
	if c.ProfileAddr != "" {
		return inspect.Loopback(c.ProfileAddr)
	}
	return nil
}

// Validate is Common's for the settings that change while the process runs.
func (c CommonLive) Validate() error {
	if _, err := zerolog.ParseLevel(c.LogLevel); err != nil || c.LogLevel == "" {
		return fmt.Errorf("log_level must be one of trace, debug, info, warn, error")
	}
	if c.ShutdownGrace <= 0 {
		return fmt.Errorf("shutdown_grace must be positive")
	}
	return nil
}
