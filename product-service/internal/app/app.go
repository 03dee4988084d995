// Package app puts product-service together. Run is what main and the tests call.
package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"marketplace/product-service/internal/config"
	"marketplace/product-service/internal/handler"
	"marketplace/product-service/internal/repository"
	"marketplace/product-service/internal/service"
	"marketplace/product-service/migrations"
	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/auth"
	shared "marketplace/shared/config"
	"marketplace/shared/discovery"
	"marketplace/shared/idempotency"
	"marketplace/shared/inspect"
	"marketplace/shared/lifecycle"
	"marketplace/shared/postgres"
	"marketplace/shared/rpc"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

// Run runs the service until ctx ends.
func Run(ctx context.Context, cfg config.Config) error {
	tel, err := telemetry.Setup(ctx, config.Service, telemetry.Options{
		LogLevel: cfg.LogLevel, LogFormat: cfg.LogFormat, Output: cfg.LogOutput, OTLPEndpoint: cfg.OTLPEndpoint,
		SampleRatio: cfg.TraceSampleRatio, SettingsFile: cfg.SettingsFile,
	})
	if err != nil {
		return err
	}
	return run(ctx, cfg.Fixed, shared.NewCurrent(cfg), tel)
}

// run wires the parts. They stand in the order in which they depend on each other, and stop in reverse. It does not see what the
// settings that may change are at the start: who needs one of them is given a function that reads the current one.
func run(ctx context.Context, cfg config.Fixed, current *shared.Current[config.Config], tel *telemetry.Telemetry) error {
	group := lifecycle.New(ctx, tel.Log, shared.Read(current, func(c *config.Config) time.Duration { return c.ShutdownGrace }))
	defer func() { _ = group.Stop() }() // a start that fails half way stops what runs
	group.OnStop("telemetry", tel.Shutdown)

	accepted, err := cfg.Accepted()
	if err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, database(cfg, tel), migrations.Files); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, database(cfg, tel))
	if err != nil {
		return err
	}
	group.OnStop("database", postgres.Close(pool))
	verifier, revocations, err := auth.Start(group, cfg.RedisURL.Reveal(), cfg.JWKSURL, tel.Log)
	if err != nil {
		return err
	}
	consul, err := discovery.New(discovery.Options{URL: cfg.ConsulURL, Token: cfg.ConsulToken.Reveal(), Log: tel.Log})
	if err != nil {
		return err
	}
	certificates, err := rpc.MutualTLS(cfg.GRPCCert, cfg.GRPCKey, cfg.GRPCAuthority)
	if err != nil {
		return err
	}

	catalogue := repository.New(pool)
	routes := &handler.Handler{
		Products: &service.Products{Store: catalogue, Accepted: accepted, NewID: newID, Now: time.Now},
		Reader:   catalogue, Shelves: catalogue, Currency: cfg.ShopCurrency,
	}
	rest := web.New(web.Options{
		Service: config.Service, Title: "Catalogue", Version: "1", Telemetry: tel, Verifier: verifier,
		Checks: []web.Check{
			{Name: "database", Critical: true, Probe: postgres.Ping(pool)},
			{Name: "redis", Probe: revocations.Ping},
		},
	})
	routes.Register(rest)
	calls := rpc.NewServer(rpc.ServerOptions{
		Service: config.Service, Telemetry: tel, Production: cfg.Environment == shared.Production, TLS: certificates,
		Callers: map[string][]string{
			productv1.ProductService_GetProducts_FullMethodName: {"order-service", "warehouse-service"},
		},
	})
	productv1.RegisterProductServiceServer(calls, &handler.GRPC{Reader: catalogue})

	group.Go("idempotency", func(ctx context.Context) error { return idempotency.Run(ctx, pool, tel.Log) })
	group.Go("configuration", func(ctx context.Context) error {
		return shared.Watch(ctx, tel.Log, config.Service, current, func(c *config.Config) {
			_ = tel.SetLevel(c.LogLevel) // validated
		}, config.Defaults())
	})
	// Before the registration in Consul: a process that gets no port must not touch that of who has it.
	listener, err := web.Listen(ctx, cfg.HTTPAddr())
	if err != nil {
		return err
	}
	group.Go("grpc", func(ctx context.Context) error { return calls.Serve(ctx, cfg.GRPCAddr()) })
	group.Go("http", func(ctx context.Context) error { return rest.ServeOn(ctx, listener) })
	if cfg.ProfileAddr != "" {
		group.Go("profiles", func(ctx context.Context) error { return inspect.Serve(ctx, cfg.ProfileAddr, inspect.Profiles()) })
	}
	group.Go("registration", func(ctx context.Context) error {
		return consul.Register(ctx, discovery.Registration{
			Service: config.Service, HTTPPort: cfg.ServerPort, GRPCPort: cfg.GRPCPort,
		})
	})
	return group.Wait()
}

// database says which database, for Run and for the migrate command.
func database(cfg config.Fixed, tel *telemetry.Telemetry) postgres.Config {
	return postgres.Config{
		URL: cfg.DatabaseURL.Reveal(), Schema: "product_service", MaxConns: cfg.MaxConns, Telemetry: tel,
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
