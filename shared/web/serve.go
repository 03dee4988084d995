package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	headBytes = 32 << 10

	// drainPause lets the news spread that this process stops, while it still answers everything.
	drainPause = 200 * time.Millisecond
	// drainTime is what running requests get before they are cut.
	drainTime = 15 * time.Second
)

// Serve answers on an address such as ":8081" until ctx ends, and then drains. An address that cannot be listened on
// is an error at once.
func (s *Server) Serve(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	return s.ServeOn(ctx, listener)
}

// ServeOn is Serve on a listener that it closes. It can be called once.
func (s *Server) ServeOn(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.engine,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      bodyTime + s.options.Timeout + replyTime, // begin sets others for slow routes
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headBytes,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.log.Info().Stringer("addr", listener.Addr()).Msg("serving http")
	select {
	case err := <-failed:
		return fmt.Errorf("http: %w", err)
	case <-ctx.Done():
	}
	return s.drain(context.WithoutCancel(ctx), server)
}

// drain says so (health 503, waiting handlers return), goes on for a moment, then finishes what runs and takes nothing new.
func (s *Server) drain(ctx context.Context, server *http.Server) error {
	close(s.stopping)
	<-time.After(drainPause)
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("http: requests were cut: %w", err), server.Close())
	}
	return nil
}
