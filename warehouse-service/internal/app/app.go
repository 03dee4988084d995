// Package app puts warehouse-service together.
package app

import (
	"context"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"marketplace/proto/events"
	"marketplace/shared/auth"
	sharedconfig "marketplace/shared/config"
	"marketplace/shared/discovery"
	"marketplace/shared/idempotency"
	"marketplace/shared/inbox"
	"marketplace/shared/inspect"
	"marketplace/shared/lifecycle"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
	"marketplace/shared/rabbit"
	"marketplace/shared/rpc"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/client"
	"marketplace/warehouse-service/internal/config"
	"marketplace/warehouse-service/internal/handler"
	"marketplace/warehouse-service/internal/repository"
	"marketplace/warehouse-service/internal/service"
	"marketplace/warehouse-service/migrations"
)

// consumeBatch is how many messages make one transaction, at most.
const consumeBatch = 20

// Run runs the service until ctx ends or a listener dies.
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

// run wires the parts. They stand in the order in which they depend on each other, and stop in reverse. It does not see what the
// settings that may change are at the start: who needs one of them is given a function that reads the current one.
func run(ctx context.Context, cfg config.Fixed, current *sharedconfig.Current[config.Config], tel *telemetry.Telemetry) error {
	group := lifecycle.New(ctx, tel.Log, sharedconfig.Read(current, func(c *config.Config) time.Duration { return c.ShutdownGrace }))
	defer func() { _ = group.Stop() }() // a start that fails half way stops what runs
	group.OnStop("telemetry", tel.Shutdown)

	db := database(cfg, tel)
	if err := postgres.Migrate(ctx, db, migrations.Files); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, db)
	if err != nil {
		return err
	}
	group.OnStop("database", postgres.Close(pool))
	group.Go("idempotency", func(ctx context.Context) error { return idempotency.Run(ctx, pool, tel.Log) })

	verifier, revocations, err := auth.Start(group, cfg.RedisURL.Reveal(), cfg.JWKSURL, tel.Log)
	if err != nil {
		return err
	}
	session := rabbit.NewSession(cfg.RabbitURL.Reveal(), config.Service, rabbit.Topology{
		Exchange: events.Exchange, Queues: events.Subscriptions(),
	}, tel)
	group.Go("rabbit", session.Run)
	publisher := outbox.New(pool, session, config.Service, tel)
	group.Go("outbox", publisher.Run)

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
	products, err := dialProducts(cfg, consul, tel)
	if err != nil {
		return err
	}
	group.OnStop("product-service", func(context.Context) error { return products.Close() })

	fulfilments, reads := repository.NewFulfilments(pool, publisher.Committed), repository.NewReads(pool)
	warehouses, supplies := repository.NewWarehouses(pool), repository.NewSupplies(pool)
	metrics := service.NewMetrics(tel.Registry)
	fulfilling := &service.Fulfilling{Fulfilments: fulfilments, Shipments: reads, Metrics: metrics}
	catalogue := client.NewCatalogue(products)
	stocking := &service.Stocking{
		Catalogue: catalogue, Supplies: supplies, Warehouses: warehouses, NewID: newID, Now: time.Now,
	}
	counting := &service.Counting{Stock: reads, Products: client.NewKnown(catalogue)}
	group.Go("overdue", func(ctx context.Context) error { return metrics.WatchOverdue(ctx, fulfilments, tel.Log) })

	messages := &handler.Events{Fulfilling: fulfilling}
	consumer := inbox.NewConsumer(inbox.Options{
		Pool: pool, Queue: events.WarehouseQueue, Known: messages.Known, Handle: messages.Handle, Telemetry: tel,
	})
	group.Go("parked", consumer.Run)
	group.Go("consumer", func(ctx context.Context) error {
		return session.Consume(ctx, events.WarehouseQueue, consumeBatch, consumer.Batch)
	})

	server := web.New(web.Options{Service: config.Service, Title: "Warehouse", Version: "1", Telemetry: tel, Verifier: verifier, Checks: []web.Check{
		{Name: "database", Critical: true, Probe: postgres.Ping(pool)},
		{Name: "broker", Probe: func(context.Context) error { return session.Healthy() }},
		{Name: "redis", Probe: revocations.Ping},
	}})
	(&handler.Handler{
		Stocking: stocking, Sending: fulfilling, Counting: counting, Reading: reads, Warehouses: warehouses, Supplies: supplies,
	}).Register(server)
	group.Go("configuration", func(ctx context.Context) error { return watch(ctx, current, tel) })
	// Before the registration in Consul: a process that gets no port must not touch that of who has it.
	listener, err := web.Listen(ctx, cfg.HTTPAddr())
	if err != nil {
		return err
	}
	group.Go("http", func(ctx context.Context) error { return server.ServeOn(ctx, listener) })
	if cfg.ProfileAddr != "" {
		group.Go("profiles", func(ctx context.Context) error { return inspect.Serve(ctx, cfg.ProfileAddr, inspect.Profiles()) })
	}
	group.Go("registration", func(ctx context.Context) error {
		return consul.Register(ctx, discovery.Registration{Service: config.Service, HTTPPort: cfg.ServerPort})
	})
	return group.Wait()
}

// watch follows the configuration in Consul, if there is one.
func watch(ctx context.Context, current *sharedconfig.Current[config.Config], tel *telemetry.Telemetry) error {
	return sharedconfig.Watch(ctx, tel.Log, config.Service, current, func(c *config.Config) {
		_ = tel.SetLevel(c.LogLevel) // validated
	}, config.Defaults())
}

func dialProducts(cfg config.Fixed, consul *discovery.Client, tel *telemetry.Telemetry) (*grpc.ClientConn, error) {
	certificates, err := rpc.MutualTLS(cfg.GRPCCert, cfg.GRPCKey, cfg.GRPCAuthority)
	if err != nil {
		return nil, err
	}
	return rpc.Dial(rpc.DialOptions{
		Target: "product-service", Fallback: cfg.ProductServiceAddr, Consul: consul, Telemetry: tel, TLS: certificates,
		Idempotent: client.CatalogueIdempotent,
	})
}

func database(cfg config.Fixed, tel *telemetry.Telemetry) postgres.Config {
	return postgres.Config{URL: cfg.DatabaseURL.Reveal(), Schema: "warehouse_service", MaxConns: cfg.MaxConns, Telemetry: tel}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
