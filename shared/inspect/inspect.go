// Package inspect serves what operators look at, metrics and profiles, on listeners that no client reaches.
package inspect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	headerTimeout = 5 * time.Second
	// writeTimeout is longer than a profile of 30 seconds, which is go tool pprof's default.
	writeTimeout = 90 * time.Second
)

// Metrics serves the registry's metrics at /metrics.
func Metrics(registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// Profiles serves the profiles of net/http/pprof at /debug/pprof/.
func Profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// Serve answers on an address such as "127.0.0.1:9080" until ctx ends; requests that run then are cut.
func Serve(ctx context.Context, addr string, handler http.Handler) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, WriteTimeout: writeTimeout}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = server.Close(); close(closed) })
	err = server.Serve(listener)
	if stop() {
		return err
	}
	<-closed
	return nil
}

// Loopback refuses an address that other machines reach: a profile shows what is in a process's memory.
func Loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("profile_addr: %w", err)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return errors.New("profile_addr must be an address of this machine alone, such as 127.0.0.1:6060")
	}
	return nil
}
