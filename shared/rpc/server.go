package rpc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"marketplace/shared/telemetry"
)

// ServerOptions says what differs between servers.
type ServerOptions struct {
	Service    string
	Telemetry  *telemetry.Telemetry
	Production bool // no reflection, and no start without TLS

	// TLS must demand client certificates (MutualTLS does). Nil: plain text, on loopback or a private network only.
	TLS *tls.Config
	// Callers names, for each full method ("/product.v1.ProductService/GetProducts"), the services that may call it,
	// as their certificates name them. With TLS a method that is not listed takes nobody; without TLS it is not read.
	Callers map[string][]string

	DefaultTimeout time.Duration // of a call that came without a deadline; default 5 s
	Grace          time.Duration // for running calls when the server stops; default 10 s
}

// Server is a gRPC server. Register services on it, then Serve.
type Server struct {
	*grpc.Server
	options ServerOptions
	health  *health.Server
	metrics *grpcprom.ServerMetrics
	log     zerolog.Logger
}

// NewServer makes a server that knows health and, outside production, reflection.
func NewServer(o ServerOptions) *Server {
	o.DefaultTimeout = cmp.Or(o.DefaultTimeout, defaultTimeout)
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	s := &Server{
		options: o,
		health:  health.NewServer(),
		metrics: collector(o.Telemetry.Registry, grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram())),
		log:     o.Telemetry.Log.With().Str("part", "grpc").Logger(),
	}
	settings := []grpc.ServerOption{
		grpc.StatsHandler(otelgrpc.NewServerHandler(
			otelgrpc.WithTracerProvider(o.Telemetry.Tracer), otelgrpc.WithFilter(notHealthServer))),
		grpc.ChainUnaryInterceptor(
			s.metrics.UnaryServerInterceptor(), s.reportErrors, s.withDeadline, s.allowCaller, s.recoverPanics),
		grpc.ChainStreamInterceptor(s.metrics.StreamServerInterceptor(), s.allowStream, s.recoverStream),
		grpc.MaxConcurrentStreams(1000),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	if o.TLS != nil {
		settings = append(settings, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	s.Server = grpc.NewServer(settings...)
	healthv1.RegisterHealthServer(s.Server, s.health)
	if !o.Production {
		reflection.Register(s.Server)
	}
	return s
}

// Serve listens on addr until ctx ends, then stops: health says NOT_SERVING first, so that callers turn to other
// instances; running calls finish; those that exceed the grace are cut off.
func (s *Server) Serve(ctx context.Context, addr string) error {
	listener, err := s.listen(ctx, addr)
	if err != nil {
		return err
	}
	return s.ServeOn(ctx, listener)
}

// ServeOn is Serve for a listener that exists already.
func (s *Server) ServeOn(ctx context.Context, listener net.Listener) error {
	if err := s.guard(); err != nil {
		return errors.Join(err, listener.Close())
	}
	s.metrics.InitializeMetrics(s.Server)
	s.log.Info().Str("address", listener.Addr().String()).Bool("tls", s.options.TLS != nil).Msg("serving gRPC")
	ended := make(chan error, 1)
	go func() { ended <- s.Server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("gRPC listener: %w", err)
	case <-ctx.Done():
	}
	s.health.Shutdown()
	force := time.AfterFunc(s.options.Grace, s.Stop)
	defer force.Stop()
	s.GracefulStop()
	return <-ended
}

// guard refuses a configuration that is open to anybody (promise 35).
func (s *Server) guard() error {
	switch {
	case s.options.TLS == nil && s.options.Production:
		return errors.New("production needs TLS for gRPC: give a certificate, its key and the authority's certificate")
	case s.options.TLS != nil && s.options.TLS.ClientAuth != tls.RequireAndVerifyClientCert:
		return errors.New("TLS for gRPC must demand client certificates: see rpc.MutualTLS")
	}
	return nil
}
