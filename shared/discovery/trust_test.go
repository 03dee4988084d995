package discovery

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

func TestWatch_AnInstanceOutsideTheTrustedNetworksIsNotThere(t *testing.T) {
	t.Parallel()
	var log testkit.Log
	registry, service := prometheus.NewRegistry(), testkit.Prefix(t)
	client, err := New(Options{
		URL: testkit.Consul(t), Trusted: networks("127.0.0.1/32"), Registry: registry, Log: zerolog.New(&log),
	})
	require.NoError(t, err)
	untrusted := func() float64 { return testutil.ToFloat64(client.untrusted.WithLabelValues(service)) }
	seen := watch(t, client, service)

	outside := newInstanceAt(t, "127.9.9.9:0")
	stop := register(t, client, Registration{Service: service, Addr: "127.9.9.9", HTTPPort: outside.port})
	testkit.Eventually(t, within, func() bool { return untrusted() == 1 })
	require.Empty(t, seen.last(), "the only instance is outside")
	require.Equal(t, 1, log.Lines("are not called"))

	instance := newInstance(t)
	register(t, client, Registration{Service: service, HTTPPort: instance.port})
	testkit.Eventually(t, within, func() bool { return len(seen.last()) > 0 })
	require.Equal(t, []string{instance.address}, httpAddrs(seen.last()))
	require.Equal(t, 1, log.Lines("are not called"), "it is reported when it changes, and not each time")
	require.EqualValues(t, 1, untrusted())

	anywhere := collect(t, service, client.WatchAnywhere)
	testkit.Eventually(t, within, func() bool { return len(anywhere.last()) == 2 })

	stop()
	testkit.Eventually(t, within, func() bool { return untrusted() == 0 })
}

func TestSieve_OnlyAddressesInATrustedNetworkPass(t *testing.T) {
	t.Parallel()
	client, err := New(Options{Trusted: networks("127.0.0.0/8", "::1/128", "10.207.84.0/24")})
	require.NoError(t, err)
	s := client.newSieve("any")
	for _, host := range []string{"127.0.0.1", "127.9.9.9", "::1", "10.207.84.7", "::ffff:10.207.84.7"} {
		require.True(t, s.holds(host), host)
	}
	for _, host := range []string{"10.207.85.7", "192.0.2.1", "::2", "localhost", "user-service", "", "127.0.0.1.example.com"} {
		require.False(t, s.holds(host), host)
	}
}

func TestSieve_ALineOfTheLogHasABound(t *testing.T) {
	t.Parallel()
	var log testkit.Log
	client, err := New(Options{Log: zerolog.New(&log)})
	require.NoError(t, err)
	require.Empty(t, client.newSieve("any").trusted(make([]Instance, 10_000)))
	require.Equal(t, 1, log.Lines("TRUSTED_UPSTREAMS"))
	require.Less(t, len(log.String()), 500)
}

func httpAddrs(instances []Instance) (all []string) {
	for _, i := range instances {
		all = append(all, i.HTTPAddr())
	}
	return all
}
