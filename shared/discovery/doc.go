// Package discovery finds the other services through Consul and makes this one found.
//
// Consul may be absent at the start, vanish and come back: Register keeps trying and registers again when the
// agent has forgotten, Watch keeps the last set of passing instances. Nothing here stops a process, and an empty
// Consul address means "alone": registering and watching then do nothing.
//
// Whoever may register an instance decides where requests go, and with them tokens and passwords. Two things guard this. Consul's
// access control gives each service a token that registers this service alone. And Watch leaves out what is registered outside the
// trusted networks, whoever registered it; inside them the access control is the only guard.
package discovery

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// grpcPortKey is the entry of a registration's metadata that holds the gRPC port; the HTTP port is the service's own.
const grpcPortKey = "grpc_port"

// Options say which agent a Client talks to and whom it believes.
type Options struct {
	URL      string                // of the agent, such as http://127.0.0.1:8500; empty: alone
	Token    string                // of Consul's access control, when it is on
	Trusted  []netip.Prefix        // where Watch lets an instance be; none: nowhere
	Registry prometheus.Registerer // of the metrics, for a process that watches
	Log      zerolog.Logger
}

// Client talks to one Consul agent.
type Client struct {
	api       *api.Client // nil: alone, without Consul
	host      string      // the agent's name or address, to learn which of our addresses faces it
	trusted   []netip.Prefix
	untrusted *prometheus.GaugeVec // instances outside trusted, by service
	log       zerolog.Logger

	renewEvery time.Duration // how often the agent is asked whether it still knows us
}

// New makes a client for an agent. It sends nothing yet.
func New(o Options) (*Client, error) {
	c := &Client{trusted: o.Trusted, untrusted: newUntrusted(o.Registry), log: o.Log, renewEvery: renewEvery}
	if o.URL == "" {
		return c, nil
	}
	address, err := url.Parse(o.URL)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("the Consul address is no URL like http://127.0.0.1:8500")
	}
	c.host = address.Hostname()
	// Connections are not pooled: a handful of requests per minute, and most of them are long polls.
	settings := api.DefaultNonPooledConfig()
	settings.Address = o.URL
	settings.Token, settings.TokenFile = o.Token, "" // and not those that a person's shell has for Consul's own tools
	if c.api, err = api.NewClient(settings); err != nil {
		return nil, fmt.Errorf("consul client: %w", err)
	}
	return c, nil
}

// Instance is one running copy of a service.
type Instance struct {
	ID       string
	Host     string
	HTTPPort int
	GRPCPort int // 0: it serves no gRPC
}

// HTTPAddr is the host and port of the instance's REST listener.
func (i Instance) HTTPAddr() string { return net.JoinHostPort(i.Host, strconv.Itoa(i.HTTPPort)) }

// GRPCAddr is the host and port of the instance's gRPC listener, empty when it has none.
func (i Instance) GRPCAddr() string {
	if i.GRPCPort == 0 {
		return ""
	}
	return net.JoinHostPort(i.Host, strconv.Itoa(i.GRPCPort))
}
