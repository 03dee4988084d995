package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"
)

const (
	// renewEvery is how often the registration is looked up, so that an agent that lost its state learns it again.
	renewEvery = 15 * time.Second
	// requestTimeout bounds each short request to the agent.
	requestTimeout = 3 * time.Second
	// checkEvery and checkFailures let an instance that died leave the passing set within about four seconds,
	// while one slow answer on a busy machine does not remove a healthy one.
	checkEvery    = "2s"
	checkTimeout  = "2s"
	checkFailures = 2
	// forgetAfter removes an instance that never deregistered, a crashed container for example.
	forgetAfter = "10m"
)

// Registration is what the others learn about this process.
type Registration struct {
	Service  string
	ID       string // default: service and address, so that a restart replaces itself
	Addr     string // host the others reach it at; default: the local address that faces Consul
	HTTPPort int
	GRPCPort int    // 0: no gRPC
	Health   string // path of the readiness check; default /health/ready
}

// Register keeps this process registered until ctx ends, then deregisters it and returns nil. While Consul is away it
// tries again with backoff. Start it once the listeners answer.
func (c *Client) Register(ctx context.Context, r Registration) error {
	if c.api == nil {
		<-ctx.Done()
		return nil
	}
	wait := newBackoff()
	trouble, announced := false, false
	for {
		// An earlier life of this process may have left a registration, with its token, which may have ended since. So the first one
		// replaces what the agent knows.
		id, err := c.ensure(ctx, r, announced)
		pause := c.renewEvery
		switch {
		case ctx.Err() != nil:
		case err != nil:
			pause = wait.NextBackOff()
			if !trouble {
				c.log.Warn().Err(err).Msg("not registered in Consul, trying again")
			}
			trouble = true
		default:
			wait.Reset()
			if trouble || !announced {
				c.log.Info().Str("id", id).Msg("registered in Consul")
			}
			trouble, announced = false, true
		}
		if !sleep(ctx, pause) {
			return c.deregister(ctx, id)
		}
	}
}

// ensure registers r; where it has been done before, only if the agent has forgotten it. It returns the id even with an error: the
// agent may have acted.
func (c *Client) ensure(ctx context.Context, r Registration, before bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	entry, err := c.entry(r)
	if err != nil {
		return "", err
	}
	if before {
		if known, err := c.knows(ctx, entry); known || err != nil {
			return entry.ID, err
		}
	}
	// Checks of an earlier life of this id are replaced, or a changed address would be probed at the old place.
	options := api.ServiceRegisterOpts{ReplaceExistingChecks: true}.WithContext(ctx)
	return entry.ID, c.api.Agent().ServiceRegisterOpts(entry, options)
}

// knows says whether the agent has this registration.
func (c *Client) knows(ctx context.Context, entry *api.AgentServiceRegistration) (bool, error) {
	known, _, err := c.api.Agent().Service(entry.ID, (&api.QueryOptions{}).WithContext(ctx))
	var status api.StatusError
	switch {
	case errors.As(err, &status) && status.Code == http.StatusNotFound:
		return false, nil
	case err != nil:
		return false, err
	}
	return known.Address == entry.Address && known.Port == entry.Port && known.Meta[grpcPortKey] == entry.Meta[grpcPortKey], nil
}

func (c *Client) entry(r Registration) (*api.AgentServiceRegistration, error) {
	host := r.Addr
	if host == "" {
		facing, err := localAddress(c.host)
		if err != nil {
			return nil, err
		}
		host = facing
	}
	address := net.JoinHostPort(host, strconv.Itoa(r.HTTPPort))
	return &api.AgentServiceRegistration{
		ID:      cmp.Or(r.ID, r.Service+"-"+address),
		Name:    r.Service,
		Address: host,
		Port:    r.HTTPPort,
		Meta:    map[string]string{grpcPortKey: strconv.Itoa(r.GRPCPort)},
		Check: &api.AgentServiceCheck{
			HTTP:                           "http://" + address + cmp.Or(r.Health, "/health/ready"),
			Interval:                       checkEvery,
			Timeout:                        checkTimeout,
			FailuresBeforeCritical:         checkFailures,
			DeregisterCriticalServiceAfter: forgetAfter,
		},
	}, nil
}

// deregister runs after ctx has ended, within a time of its own: the others must stop calling before the listeners close.
func (c *Client) deregister(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	if err := c.api.Agent().ServiceDeregisterOpts(id, (&api.QueryOptions{}).WithContext(ctx)); err != nil {
		// Consul will notice by its health check; a stop does not fail because of it.
		c.log.Warn().Err(err).Str("id", id).Msg("not deregistered from Consul")
	}
	return nil
}

// localAddress is the address of this machine from which peer is reached. A UDP "connection" sends nothing; its port is any.
func localAddress(peer string) (string, error) {
	connection, err := net.Dial("udp", net.JoinHostPort(peer, "80"))
	if err != nil {
		return "", fmt.Errorf("which local address faces Consul: %w", err)
	}
	defer connection.Close()
	host, _, err := net.SplitHostPort(connection.LocalAddr().String())
	return host, err
}
