package rpc

import (
	"context"

	"google.golang.org/grpc/resolver"

	"marketplace/shared/discovery"
)

// scheme names targets whose addresses come from Consul.
const scheme = "consul"

// builder makes the resolver of one connection.
type builder struct {
	consul    *discovery.Client
	fallback  string
	certified bool // an instance proves by its certificate that it is the service
}

func (b *builder) Scheme() string { return scheme }

// Build starts with the fallback and follows Consul from then on.
func (b *builder) Build(target resolver.Target, connection resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &watching{cancel: cancel, ended: make(chan struct{})}
	if b.fallback != "" {
		update(connection, b.fallback)
	}
	go func() {
		defer close(r.ended)
		b.follow(ctx, target.Endpoint(), connection)
	}()
	return r, nil
}

// follow hands the instances on until ctx ends. Where nothing proves who an instance is, its address has to be a trusted one.
func (b *builder) follow(ctx context.Context, service string, connection resolver.ClientConn) {
	if b.consul == nil {
		return
	}
	watch := b.consul.Watch
	if b.certified {
		watch = b.consul.WatchAnywhere
	}
	watch(ctx, service, func(instances []discovery.Instance) { update(connection, grpcAddresses(instances)...) })
}

func grpcAddresses(instances []discovery.Instance) []string {
	addresses := make([]string, 0, len(instances))
	for _, instance := range instances {
		if address := instance.GRPCAddr(); address != "" {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// update gives the balancer its addresses. Without any, it keeps what it has.
func update(connection resolver.ClientConn, addresses ...string) {
	if len(addresses) == 0 {
		return
	}
	endpoints := make([]resolver.Endpoint, 0, len(addresses))
	for _, address := range addresses {
		endpoints = append(endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: address}}})
	}
	// The error asks for another resolution, which would say the same: news come by themselves.
	_ = connection.UpdateState(resolver.State{Endpoints: endpoints})
}

// watching is a resolver that is told, never asked.
type watching struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (w *watching) ResolveNow(resolver.ResolveNowOptions) {}

func (w *watching) Close() {
	w.cancel()
	<-w.ended
}
