package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"marketplace/shared/discovery"
)

const (
	breakerFailures = 5               // in a row open an instance's breaker
	breakerOpen     = 2 * time.Second // then a few requests try again
	breakerProbes   = 3
)

// Pool is the instances of one service. It is safe for concurrent use.
type Pool struct {
	service   string
	log       zerolog.Logger
	metrics   *Metrics
	instances atomic.Pointer[[]*instance]
	next      atomic.Uint64
	budget    budget
}

type instance struct {
	addr    string
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	looking singleflight.Group
	silence silence
}

// NewPool starts with the configured address of the service, such as http://127.0.0.1:8081.
func NewPool(service, fallback string, metrics *Metrics, log zerolog.Logger) (*Pool, error) {
	address, err := url.Parse(fallback)
	if err != nil || address.Scheme != "http" || address.Host == "" {
		return nil, fmt.Errorf("the address of %s is no URL like http://127.0.0.1:8081", service)
	}
	p := &Pool{service: service, log: log.With().Str("upstream", service).Logger(), metrics: metrics}
	p.budget.tenths.Store(budgetFull)
	p.set([]string{address.Host})
	return p, nil
}

// Run follows Consul until ctx ends.
func (p *Pool) Run(ctx context.Context, consul *discovery.Client) error {
	consul.Watch(ctx, p.service, func(found []discovery.Instance) {
		addrs := make([]string, 0, len(found))
		for _, i := range found {
			addrs = append(addrs, i.HTTPAddr())
		}
		p.set(addrs)
		p.log.Info().Strs("instances", addrs).Msg("instances changed")
	})
	return nil
}

// set replaces the instances; one that stays keeps its breaker. It has one caller at a time.
func (p *Pool) set(addrs []string) {
	var before []*instance
	if current := p.instances.Load(); current != nil {
		before = *current
	}
	after := make([]*instance, 0, len(addrs))
	for _, addr := range addrs {
		known := slices.IndexFunc(before, func(i *instance) bool { return i.addr == addr })
		if known >= 0 {
			after = append(after, before[known])
			continue
		}
		after = append(after, &instance{addr: addr, breaker: p.newBreaker(addr)})
	}
	p.instances.Store(&after)
	p.metrics.instances.WithLabelValues(p.service).Set(float64(len(after)))
}

func (p *Pool) newBreaker(addr string) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	return gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        addr,
		MaxRequests: breakerProbes,
		Timeout:     breakerOpen,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNotTheirs) },
		OnStateChange: func(addr string, _, to gobreaker.State) {
			p.log.Warn().Str("instance", addr).Stringer("breaker", to).Msg("circuit breaker")
			if to == gobreaker.StateOpen {
				p.metrics.opened.WithLabelValues(p.service).Inc()
			}
		},
	})
}

// pick takes the next instance whose breaker lets a request through, other than one that was tried already. Its
// outcome must be told to done.
func (p *Pool) pick(tried *instance) (i *instance, done func(error), ok bool) {
	all := *p.instances.Load()
	first := p.next.Add(1)
	for offset := range uint64(len(all)) {
		i := all[(first+offset)%uint64(len(all))]
		if i == tried {
			continue
		}
		if done, err := i.breaker.Allow(); err == nil {
			return i, done, true
		}
	}
	return nil, nil, false
}

// roundTrip sends r to one instance and, if that failed without harm, to one other.
func (p *Pool) roundTrip(base http.RoundTripper, r *http.Request) (*http.Response, error) {
	p.budget.earn()
	reply, tried, err := p.try(base, r, nil)
	if err == nil || tried == nil || !repeatable(r, err) || len(*p.instances.Load()) < 2 || !p.budget.spend() {
		return reply, err
	}
	p.metrics.repeats.WithLabelValues(p.service).Inc()
	again, other, second := p.try(base, r, tried)
	if other == nil {
		return nil, err // nobody else: the first failure says more
	}
	return again, second
}

func (p *Pool) try(base http.RoundTripper, r *http.Request, not *instance) (*http.Response, *instance, error) {
	i, done, ok := p.pick(not)
	if !ok {
		return nil, nil, Away
	}
	out, err := directed(r, i.addr)
	if err != nil {
		done(errNotTheirs)
		return nil, i, err
	}
	started := time.Now()
	// A probe that takes its time, as ?wait= may, gives its place to others. What becomes of it counts all the same.
	yield := time.AfterFunc(breakerOpen, func() { done(errNotTheirs) })
	reply, err := base.RoundTrip(out)
	yield.Stop()
	p.metrics.observe(p.service, started, reply, err)
	done(p.blame(base, i, r, err))
	return reply, i, err
}
