package rpc

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// listen opens addr. Without TLS a public address is refused, and "every address" (":9081") means loopback only on a
// machine that has a public one.
func (s *Server) listen(ctx context.Context, addr string) (net.Listener, error) {
	if err := s.guard(); err != nil {
		return nil, err
	}
	if s.options.TLS == nil {
		private, err := privateAddress(addr)
		if err != nil {
			return nil, err
		}
		if private != addr {
			s.log.Warn().Str("address", private).
				Msg("this machine has a public address: gRPC without TLS listens on loopback only")
		}
		addr = private
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("gRPC listener: %w", err)
	}
	return listener, nil
}

// privateAddress returns addr, or its narrower form, if only this machine or a private network reaches it.
func privateAddress(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("gRPC address: %w", err)
	}
	if host == "localhost" {
		return addr, nil
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host != "" && err != nil:
		return "", fmt.Errorf("gRPC without TLS needs an IP address to listen on: %w", err)
	case host == "" || ip.IsUnspecified():
		if onlyPrivate(net.InterfaceAddrs()) {
			return addr, nil
		}
		return net.JoinHostPort("127.0.0.1", port), nil
	case !private(ip):
		return "", fmt.Errorf("gRPC without TLS listens on loopback or a private network only, not on %s", ip)
	}
	return addr, nil
}

func onlyPrivate(addresses []net.Addr, err error) bool {
	if err != nil {
		return false
	}
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err != nil || !private(prefix.Addr()) {
			return false
		}
	}
	return true
}

func private(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
