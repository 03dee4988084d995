package rpc

import (
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"marketplace/shared/discovery"
	"marketplace/shared/testkit"
)

// elsewhere is an address of this machine that a test leaves out of the trusted ones.
const elsewhere = "127.9.9.9"

func TestDial_AnInstanceOutsideTheTrustedNetworksGetsNoCall(t *testing.T) {
	t.Parallel()
	service := testkit.Prefix(t)
	real, fake := &program{}, &program{}
	announce(t, newConsul(t), service, serve(t, real, ServerOptions{}).addr)
	announce(t, newConsul(t), service, serveAt(t, elsewhere, fake, ServerOptions{}).addr)

	consul, outside := trusting(t, "127.0.0.1/32")
	careful := dial(t, DialOptions{Target: service, Consul: consul})
	testkit.Eventually(t, within, func() error { return call(t.Context(), careful) }) // it looks for instances when it is first used
	testkit.Eventually(t, within, func() bool { return outside() == 1 })
	for range 50 {
		require.NoError(t, call(t.Context(), careful))
	}
	require.Zero(t, fake.calls.Load())

	consul, _ = trusting(t, "127.0.0.0/8")
	careless := dial(t, DialOptions{Target: service, Consul: consul})
	testkit.Eventually(t, within, func() bool {
		require.NoError(t, call(t.Context(), careless))
		return fake.calls.Load() > 0
	})
}

func TestDial_WithTLSTheCertificateDecidesAndNotTheAddress(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	service := testkit.Prefix(t)
	callers := map[string][]string{testgrpc.TestService_EmptyCall_FullMethodName: {"order-service"}}
	real, fake := &program{}, &program{}
	announce(t, newConsul(t), service, serveAt(t, elsewhere, real, ServerOptions{TLS: ours.issue(t, service), Callers: callers}).addr)
	forged := theirs.issue(t, service)
	forged.ClientCAs = ours.issue(t, service).ClientCAs
	announce(t, newConsul(t), service, serve(t, fake, ServerOptions{TLS: forged, Callers: callers}).addr)

	consul, _ := trusting(t, "127.0.0.1/32")
	client := dial(t, DialOptions{Target: service, Consul: consul, TLS: ours.issue(t, "order-service")})
	testkit.Eventually(t, within, func() error { return call(t.Context(), client) })
	for range 20 {
		require.NoError(t, call(t.Context(), client))
	}
	require.EqualValues(t, 21, real.calls.Load())
	require.Zero(t, fake.calls.Load())
}

// trusting is a client for Consul, and how many instances it has left out.
func trusting(t *testing.T, network string) (*discovery.Client, func() float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	client, err := discovery.New(discovery.Options{
		URL: testkit.Consul(t), Trusted: []netip.Prefix{netip.MustParsePrefix(network)}, Registry: registry,
	})
	require.NoError(t, err)
	return client, func() float64 {
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			if family.GetName() == "discovery_untrusted_instances" {
				return family.GetMetric()[0].GetGauge().GetValue()
			}
		}
		return 0
	}
}
