package discovery

import (
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// logged is how many addresses of untrusted instances one line of the log holds: whoever registers them chooses their number.
const logged = 10

func newUntrusted(registry prometheus.Registerer) *prometheus.GaugeVec {
	untrusted := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "discovery_untrusted_instances",
		Help: "Instances that Consul names at addresses outside TRUSTED_UPSTREAMS, and that are therefore not called.",
	}, []string{"service"})
	if registry != nil {
		registry.MustRegister(untrusted)
	}
	return untrusted
}

// sieve parts the instances of one service into those that may be called and those that may not. It has one caller at a time.
type sieve struct {
	networks []netip.Prefix
	refused  []string // addresses that the last call left out
	gauge    prometheus.Gauge
	log      zerolog.Logger
}

func (c *Client) newSieve(service string) *sieve {
	return &sieve{networks: c.trusted, gauge: c.untrusted.WithLabelValues(service), log: c.log.With().Str("watched", service).Logger()}
}

// trusted returns the instances in the trusted networks, and reports the others when they change.
func (s *sieve) trusted(found []Instance) []Instance {
	kept := make([]Instance, 0, len(found))
	var refused []string
	for _, i := range found {
		if s.holds(i.Host) {
			kept = append(kept, i)
		} else {
			refused = append(refused, i.HTTPAddr())
		}
	}
	if slices.Equal(refused, s.refused) {
		return kept
	}
	s.refused = refused
	s.gauge.Set(float64(len(refused)))
	if len(refused) == 0 {
		s.log.Info().Msg("no instance is outside the trusted networks any more")
		return kept
	}
	s.log.Warn().Strs("instances", refused[:min(len(refused), logged)]).Int("count", len(refused)).
		Msg("instances outside the trusted networks (TRUSTED_UPSTREAMS) are not called")
	return kept
}

// holds says whether host is an address in a trusted network. A name is in none: who answers to it is decided elsewhere, each time
// anew.
func (s *sieve) holds(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(s.networks, func(n netip.Prefix) bool { return n.Contains(address.Unmap()) })
}
