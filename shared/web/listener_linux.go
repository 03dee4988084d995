package web

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handshakeTime is for connections that are being made while a server stops to listen.
const handshakeTime = 50 * time.Millisecond

// stopListening closes the listener of a running server without breaking a connection that its client believes to have.
// The kernel completes handshakes by itself and resets at the close what has not been accepted. So it has to begin no
// more of them first; then those that are under way complete, the server accepts all there is, and the close resets
// nothing. A client that comes meanwhile hears nothing, asks again a second later as TCP does, and is refused.
//
// What remains is a handshake that takes longer than handshakeTime: its client finds the connection reset.
func stopListening(ctx context.Context, listener net.Listener) {
	if socket, ok := listener.(syscall.Conn); ok {
		if raw, err := socket.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { empty(ctx, int(fd)) }) // fails on a closed listener only
		}
	}
	_ = listener.Close() // likewise
}

// empty lets nobody in any more and waits until all who are in have been accepted.
func empty(ctx context.Context, fd int) {
	// A sandboxed kernel may not know filters: then a client can still come between the last look and the close.
	_ = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, noSYN())
	poll := time.NewTimer(handshakeTime)
	defer poll.Stop()
	for {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return
		}
		waiting, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if waiting <= 0 && !errors.Is(err, unix.EINTR) {
			return
		}
		poll.Reset(drainPoll)
	}
}

// noSYN is a socket filter (kernel's Documentation/networking/filter.rst) that drops segments with the SYN flag and lets
// all others through. It sees a segment from its TCP header on. Connections inherit it, to which it does nothing.
func noSYN() *unix.SockFprog {
	const flags, syn, pass = 13, 0x02, 1<<32 - 1
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: syn, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		{Code: unix.BPF_RET | unix.BPF_K, K: pass},
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
}
