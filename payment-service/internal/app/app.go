// Package app puts payment-service together.
package app

import (
	"context"
	"time"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/config"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/handler"
	"marketplace/payment-service/internal/repository"
	"marketplace/payment-service/internal/service"
	"marketplace/payment-service/migrations"
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
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

const (
	// consumeBatch is how many messages make one transaction, at most.
	consumeBatch = 20
	// savingTime is how much longer than a call a task is held: until its answer is saved.
	savingTime = 5 * time.Second
)

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
	defer func() { _ = group.Stop() }()
	group.OnStop("telemetry", tel.Shutdown)

	rules, err := rulesOf(cfg)
	if err != nil {
		return err
	}
	timeout := sharedconfig.Read(current, func(c *config.Config) time.Duration { return c.StripeTimeout })
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
	group.Go("old webhooks", func(ctx context.Context) error { return repository.Forget(ctx, pool, tel.Log) })

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

	consul, err := discovery.New(discovery.Options{URL: cfg.ConsulURL, Token: cfg.ConsulToken.Reveal(), Log: tel.Log})
	if err != nil {
		return err
	}

	stripe := client.New(client.Options{BaseURL: cfg.StripeURL, SecretKey: cfg.StripeKey, Timeout: timeout})
	group.OnStop("processor", func(context.Context) error { stripe.Close(); return nil })
	store := repository.New(pool, publisher.Committed, func() time.Duration { return timeout() + savingTime })
	payments := service.New(service.Options{
		Store: store, Processor: client.Processor{Stripe: stripe}, Metrics: service.NewMetrics(tel.Registry), Log: tel.Log,
		Tracer: tel.Tracer.Tracer(config.Service), Calls: cfg.StripeCalls, Timeout: timeout, Rules: sharedconfig.Read(current, rules),
		Limits: sharedconfig.Read(current, func(c *config.Config) domain.Limits { return c.Limits() }),
	})
	group.Go("refunds that need attention", payments.RunAttention)
	group.Go("answers", payments.RunAnswers)
	group.Go("charges", payments.RunCharges)
	group.Go("refunds", payments.RunRefunds)
	group.Go("webhooks", payments.RunHints)

	messages := &handler.Events{Payments: payments}
	consumer := inbox.NewConsumer(inbox.Options{
		Pool: pool, Queue: events.PaymentQueue, Known: messages.Known, Handle: messages.Handle, Telemetry: tel,
	})
	group.Go("parked", consumer.Run)
	group.Go("consumer", func(ctx context.Context) error {
		return session.Consume(ctx, events.PaymentQueue, consumeBatch, consumer.Batch)
	})

	server := web.New(web.Options{
		Service: config.Service, Title: "Payments", Version: "1", Telemetry: tel, Verifier: verifier,
		Checks: []web.Check{
			{Name: "database", Critical: true, Probe: postgres.Ping(pool)},
			{Name: "broker", Probe: func(context.Context) error { return session.Healthy() }},
			{Name: "redis", Probe: revocations.Ping},
		},
	})
	webhooks := client.Webhooks{Secrets: cfg.WebhookSecrets(), Now: time.Now}
	(&handler.Payments{Refunding: payments, Heeding: payments, Reading: store, Asking: payments, Verify: webhooks.Read}).Register(server)
	group.Go("configuration", func(ctx context.Context) error {
		return sharedconfig.Watch(ctx, tel.Log, config.Service, current, func(c *config.Config) {
			_ = tel.SetLevel(c.LogLevel) // validated
		}, config.Defaults())
	})
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

func database(cfg config.Fixed, tel *telemetry.Telemetry) postgres.Config {
	return postgres.Config{URL: cfg.DatabaseURL.Reveal(), Schema: "payment_service", MaxConns: cfg.MaxConns, Telemetry: tel}
}

// rulesOf returns what makes the rules out of the settings: the times, and what the processor is asked for. It refuses a currency
// that the processor's adapter cannot convert: orders in it would reserve stock and could never be paid.
func rulesOf(cfg config.Fixed) (func(*config.Config) domain.Rules, error) {
	accepted, err := cfg.Accepted()
	if err != nil {
		return nil, err
	}
	convert, err := client.ConvertAccepted(accepted)
	return func(c *config.Config) domain.Rules {
		return domain.Rules{KeyLife: c.KeyLife, AuthenticationTime: c.AuthenticationTime, Convert: convert}
	}, err
}
