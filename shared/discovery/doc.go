// Package discovery finds the other services through Consul and makes this one found.
//
// Consul may be absent at the start, vanish and come back: Register keeps trying and registers again when the
// agent has forgotten, Watch keeps the last set of passing instances. Nothing here stops a process, and an empty
// Consul address means "alone": registering and watching then do nothing.
package discovery

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/rs/zerolog"
)

// grpcPortKey is the entry of a registration's metadata that holds the gRPC port; the HTTP port is the service's own.
const grpcPortKey = "grpc_port"

// Client talks to one Consul agent.
type Client struct {
	api  *api.Client // nil: alone, without Consul
	host string      // the agent's name or address, to learn which of our addresses faces it
	log  zerolog.Logger

	renewEvery time.Duration // how often the agent is asked whether it still knows us
}

// New makes a client for the agent at consulURL, such as http://127.0.0.1:8500. It sends nothing yet.
// An ACL token is taken from CONSUL_HTTP_TOKEN, as by every Consul tool.
func New(consulURL string, log zerolog.Logger) (*Client, error) {
	if consulURL == "" {
		return &Client{log: log}, nil
	}
	address, err := url.Parse(consulURL)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("the Consul address is no URL like http://127.0.0.1:8500")
	}
	// Connections are not pooled: a handful of requests per minute, and most of them are long polls.
	settings := api.DefaultNonPooledConfig()
	settings.Address = consulURL
	client, err := api.NewClient(settings)
	if err != nil {
		return nil, fmt.Errorf("consul client: %w", err)
	}
	return &Client{api: client, host: address.Hostname(), log: log, renewEvery: renewEvery}, nil
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
