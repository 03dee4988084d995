package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

const headBytes = 32 << 10

// Serve answers on an address such as ":8081" until ctx ends, and then drains. An address that cannot be listened on
// is an error at once.
func (s *Server) Serve(ctx context.Context, addr string) error {
	listener, err := Listen(ctx, addr)
	if err != nil {
		return err
	}
	return s.ServeOn(ctx, listener)
}

// Listen opens a port in plain TCP, which Go otherwise extends to MPTCP: nobody here has two paths, and only a plain listener can be
// told to let nobody in any more (stopListening). A port that another process has is an error that says what to do.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	listener, err := lc.Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("http: another process listens on %s: stop it (one of `make run`'s: make stop s=NAME), "+
			"or set SERVER_PORT: %w", addr, err)
	case err != nil:
		return nil, fmt.Errorf("http: %w", err)
	}
	return listener, nil
}

// ServeOn is Serve on a listener (of Listen) that it closes. It can be called once.
func (s *Server) ServeOn(ctx context.Context, listener net.Listener) error {
	connections := &busy{}
	server := &http.Server{
		Handler:           s.announcing(s.engine),
		ConnState:         connections.note,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      bodyTime + s.options.Timeout + replyTime, // begin sets others for slow routes
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headBytes,
	}
	var failed error
	ended := make(chan struct{})
	go func() { defer close(ended); failed = server.Serve(listener) }()
	s.log.Info().Stringer("addr", listener.Addr()).Msg("serving http")
	select {
	case <-ended:
		return fmt.Errorf("http: %w", failed)
	case <-ctx.Done():
	}

	close(s.stopping)
	<-time.After(drainPause)
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	stopListening(draining, listener)
	<-ended // whatever was accepted is noted now
	connections.wait(draining)
	if err := server.Shutdown(draining); err != nil {
		return errors.Join(fmt.Errorf("http: requests were cut: %w", err), server.Close())
	}
	return nil
}
