//go:build !linux

package web

import (
	"context"
	"net"
)

// stopListening closes a listener. Connections that only the kernel has accepted are reset: the way to prevent it is Linux's.
func stopListening(_ context.Context, listener net.Listener) { _ = listener.Close() }
