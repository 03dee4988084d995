package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Upstreams is what a process that calls other services is told about them. It embeds it beside Common, and its Validate calls
// Trusted.
type Upstreams struct {
	// TrustedUpstreams are the addresses and networks at which the instances of other services are. One that Consul names
	// elsewhere is not called: somebody may have registered it to be sent tokens and passwords.
	TrustedUpstreams []string `mapstructure:"trusted_upstreams" default:"127.0.0.0/8,::1"`
}

// Trusted are the networks of TrustedUpstreams; an address is a network of one.
func (u Upstreams) Trusted() ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(u.TrustedUpstreams))
	for _, text := range u.TrustedUpstreams {
		network, err := parseNetwork(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("trusted_upstreams: %q is neither an address nor a CIDR", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	return netip.ParsePrefix(text)
}
