// Package app wires the gateway together.
package app

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"marketplace/infrastructure/internal/config"
	"marketplace/infrastructure/internal/edge"
	"marketplace/infrastructure/internal/openapi"
	"marketplace/infrastructure/internal/proxy"
	"marketplace/infrastructure/internal/upstream"
	"marketplace/shared/auth"
	sharedconfig "marketplace/shared/config"
	"marketplace/shared/discovery"
	"marketplace/shared/inspect"
	"marketplace/shared/lifecycle"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

// Run is the gateway, from start to stop.
func Run(ctx context.Context, cfg config.Config) error {
	tel, err := telemetry.Setup(ctx, config.Service, telemetry.Options{
		LogLevel: cfg.LogLevel, LogFormat: cfg.LogFormat, Output: cfg.LogOutput, OTLPEndpoint: cfg.OTLPEndpoint,
		SampleRatio: cfg.TraceSampleRatio, SettingsFile: cfg.SettingsFile,
	})
	if err != nil {
		return err
	}
	return run(ctx, cfg.Fixed, sharedconfig.NewCurrent(cfg), tel)
}

// run wires the parts. It does not see what the settings that may change are at the start: who needs one of them is given a function
// that reads the current one.
func run(ctx context.Context, cfg config.Fixed, current *sharedconfig.Current[config.Config], tel *telemetry.Telemetry) error {
	group := lifecycle.New(ctx, tel.Log, sharedconfig.Read(current, func(c *config.Config) time.Duration { return c.ShutdownGrace }))
	defer func() { _ = group.Stop() }() // a start that fails half way stops what runs
	group.OnStop("telemetry", tel.Shutdown)

	trusted, err := cfg.Trusted()
	if err != nil {
		return err
	}
	consul, err := discovery.New(discovery.Options{
		URL: cfg.ConsulURL, Token: cfg.ConsulToken.Reveal(), Trusted: trusted, Registry: tel.Registry, Log: tel.Log,
	})
	if err != nil {
		return err
	}
	metrics := upstream.NewMetrics(tel.Registry)
	pools := map[string]*upstream.Pool{}
	for service, fallback := range cfg.Services() {
		pool, err := upstream.NewPool(service, fallback, metrics, tel.Log)
		if err != nil {
			return err
		}
		pools[service] = pool
		group.Go(service, func(ctx context.Context) error { return pool.Run(ctx, consul) })
	}
	base := upstream.NewBase()
	group.OnStop("connections", func(context.Context) error { base.CloseIdleConnections(); return nil })
	services := upstream.NewTransport(base, pools)

	documents := openapi.NewDocuments(services.Own(), slices.Sorted(maps.Keys(pools)), tel.Log)
	group.Go("openapi", documents.Run)
	verifier := auth.NewVerifier(auth.VerifierOptions{JWKSURL: cfg.JWKSURL})
	group.Go("keys", verifier.Run)

	group.Go("settings", func(ctx context.Context) error {
		return sharedconfig.Watch(ctx, tel.Log, config.Service, current, func(c *config.Config) {
			_ = tel.SetLevel(c.LogLevel) // Validate has seen it
		})
	})

	server := web.New(web.Options{
		Service: config.Service, Title: "Marketplace", Version: telemetry.Version, Telemetry: tel, Verifier: verifier,
		Checks: checks(services.Own(), pools), TrustedProxies: cfg.Proxies(), OpenAPI: documents, Public: true,
	})
	server.Engine().Use(edge.CORS(cfg.Origins()))
	openapi.Register(server.Engine())
	limiter := edge.NewLimiter(sharedconfig.Read(current, func(c *config.Config) edge.Rate {
		return edge.Rate{PerSecond: c.RateLimit, Burst: c.RateBurst}
	}), time.Now)
	server.Engine().Use(limiter.Middleware(server))
	proxy.Register(server, proxy.Options{
		Transport: otelhttp.NewTransport(services, otelhttp.WithTracerProvider(tel.Tracer)),
		Limits:    sharedconfig.Read(current, limits), Registry: tel.Registry,
	}, edge.Token(server, verifier, documents.Secured))

	addr := net.JoinHostPort(cfg.ServerHost, strconv.Itoa(cfg.ServerPort))
	// Before the registration in Consul: a process that gets no port must not touch that of who has it.
	listener, err := web.Listen(ctx, addr)
	if err != nil {
		return err
	}
	group.Go("http", func(ctx context.Context) error { return server.ServeOn(ctx, listener) })
	group.Go("metrics", func(ctx context.Context) error {
		return inspect.Serve(ctx, cfg.MetricsAddr, inspect.Metrics(tel.Registry))
	})
	if cfg.ProfileAddr != "" {
		group.Go("profiles", func(ctx context.Context) error { return inspect.Serve(ctx, cfg.ProfileAddr, inspect.Profiles()) })
	}
	group.Go("consul", func(ctx context.Context) error {
		return consul.Register(ctx, discovery.Registration{Service: config.Service, HTTPPort: cfg.ServerPort})
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}

func limits(c *config.Config) proxy.Limits {
	return proxy.Limits{
		MaxBody: c.MaxBody, BodyTimeout: c.BodyTimeout, RequestTimeout: c.RequestTimeout, StreamTimeout: c.StreamTimeout,
		ReplyTimeout: c.ReplyTimeout, MaxReply: c.MaxReply, Held: c.HeldReplies, HeldPerClient: c.HeldPerClient,
	}
}
