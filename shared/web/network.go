package web

import (
	"context"
	"net/netip"
	"slices"
	"strings"
)

// ClientNetwork is the caller as limits count callers: ClientIP, or of IPv6 its network of 64 bits, since every household has
// all the addresses of one.
func ClientNetwork(ctx context.Context) string { return network(ClientIP(ctx)) }

func network(client string) string {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return client
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	household, _ := address.Prefix(64) // fits every IPv6 address
	return household.String()
}

// networks are addresses and CIDRs that gin has accepted.
func networks(list []string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, item := range list {
		if !strings.Contains(item, "/") {
			address := netip.MustParseAddr(item)
			all[i] = netip.PrefixFrom(address, address.BitLen())
			continue
		}
		all[i] = netip.MustParsePrefix(item)
	}
	return all
}

// trusts says whether a peer is one of the trusted proxies.
func (s *Server) trusts(peer string) bool {
	address, err := netip.ParseAddr(peer)
	return err == nil && slices.ContainsFunc(s.trusted, func(n netip.Prefix) bool { return n.Contains(address.Unmap()) })
}
