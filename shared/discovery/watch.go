package discovery

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/hashicorp/consul/api"
)

const (
	// longPoll is how long the agent holds a query that has no news.
	longPoll = 30 * time.Second
	// pollSlack is what a query may take beyond that (Consul adds up to a sixteenth) before the agent counts as hung.
	pollSlack = 5 * time.Second
	// settle is the least time between two queries, however fast the set changes.
	settle = 100 * time.Millisecond
)

// Watch calls changed with the passing instances of service that are in trusted networks, sorted by id, at first and whenever they
// change, until ctx ends. It never calls it with an empty set: when nothing passes or Consul is away, the last known set is the
// best there is, since an instance that fails its check may still answer.
func (c *Client) Watch(ctx context.Context, service string, changed func([]Instance)) {
	c.watch(ctx, service, c.newSieve(service).trusted, changed)
}

// WatchAnywhere is Watch for a caller who knows the service by its certificate, and so wherever it is.
func (c *Client) WatchAnywhere(ctx context.Context, service string, changed func([]Instance)) {
	c.watch(ctx, service, func(found []Instance) []Instance { return found }, changed)
}

func (c *Client) watch(ctx context.Context, service string, usable func([]Instance) []Instance, changed func([]Instance)) {
	if c.api == nil {
		<-ctx.Done()
		return
	}
	log := c.log.With().Str("watched", service).Logger()
	wait := newBackoff()
	trouble := false
	var index uint64
	var last []Instance
	for {
		found, next, err := c.passing(ctx, service, index)
		pause := settle
		switch {
		case ctx.Err() != nil:
		case err != nil:
			pause = wait.NextBackOff()
			index = 0 // a new agent counts anew
			if !trouble {
				log.Warn().Err(err).Msg("Consul is away, keeping the last known instances")
			}
			trouble = true
		default:
			wait.Reset()
			if trouble {
				log.Info().Msg("Consul is back")
			}
			trouble = false
			index = follow(index, next)
			found = usable(found)
			if len(found) > 0 && !slices.Equal(found, last) {
				last = found
				changed(slices.Clone(found))
			}
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// follow is the index for the next long poll: one that went backwards starts over (Consul's rule for blocking queries).
func follow(index, next uint64) uint64 {
	if next < index {
		return 0
	}
	return max(next, 1)
}

func (c *Client) passing(ctx context.Context, service string, index uint64) ([]Instance, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, longPoll+longPoll/16+pollSlack)
	defer cancel()
	query := (&api.QueryOptions{WaitIndex: index, WaitTime: longPoll}).WithContext(ctx)
	entries, meta, err := c.api.Health().Service(service, "", true, query)
	if err != nil {
		return nil, 0, err
	}
	instances := make([]Instance, 0, len(entries))
	for _, entry := range entries {
		instances = append(instances, instance(entry))
	}
	slices.SortFunc(instances, func(a, b Instance) int { return strings.Compare(a.ID, b.ID) })
	return instances, meta.LastIndex, nil
}

func instance(entry *api.ServiceEntry) Instance {
	host := entry.Service.Address
	if host == "" {
		host = entry.Node.Address
	}
	// A registration of somebody else's making may lack the port: then it serves no gRPC.
	grpcPort, _ := strconv.Atoi(entry.Service.Meta[grpcPortKey])
	return Instance{ID: entry.Service.ID, Host: host, HTTPPort: entry.Service.Port, GRPCPort: grpcPort}
}

// newBackoff waits half a second after the first failure and up to ten seconds later on, with jitter.
func newBackoff() *backoff.ExponentialBackOff {
	wait := backoff.NewExponentialBackOff()
	wait.MaxInterval = 10 * time.Second
	return wait
}

// sleep waits about d and says whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d + rand.N(d/10+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
