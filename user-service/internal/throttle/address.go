package throttle

import "net/netip"

// Address is the key for a client's address. Of IPv6 it is the network of 64 bits,
// since every household has all the addresses of one.
func Address(client string) string {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return client
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, _ := address.Prefix(64) // fits every IPv6 address
	return network.String()
}
