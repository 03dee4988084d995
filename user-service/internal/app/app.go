// Package app puts user-service together. Run is what main and the tests call.
package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"marketplace/shared/auth"
	shared "marketplace/shared/config"
	"marketplace/shared/discovery"
	"marketplace/shared/idempotency"
	"marketplace/shared/inspect"
	"marketplace/shared/lifecycle"
	"marketplace/shared/postgres"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
	"marketplace/user-service/internal/client"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/internal/handler"
	"marketplace/user-service/internal/password"
	"marketplace/user-service/internal/repository"
	"marketplace/user-service/internal/service"
	"marketplace/user-service/internal/throttle"
	"marketplace/user-service/internal/token"
	"marketplace/user-service/migrations"
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

	database := Database(cfg, tel)
	if err := postgres.Migrate(ctx, database, migrations.Files); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, database)
	if err != nil {
		return err
	}
	group.OnStop("database", postgres.Close(pool))
	redis, err := openRedis(cfg.RedisURL.Reveal())
	if err != nil {
		return err
	}
	group.OnStop("redis", func(context.Context) error { return redis.Close() })
	consul, err := discovery.New(discovery.Options{URL: cfg.ConsulURL, Token: cfg.ConsulToken.Reveal(), Log: tel.Log})
	if err != nil {
		return err
	}

	keys, err := token.NewKeys(cfg.JWTSecret.Reveal(), cfg.JWTSecretPrevious.Reveal())
	if err != nil {
		return err
	}
	users, sessions, audit := repository.NewUsers(pool), repository.NewSessions(pool), repository.NewAudit(pool)
	passwords, limiter, announcer := password.New(tel.Registry), throttle.New(redis, tel.Log, time.Now), client.NewRevocations(redis)
	if err := service.FirstAdmin(ctx, users, passwords, newID, tel.Log, cfg.AdminEmail, cfg.AdminPassword.Reveal()); err != nil {
		return fmt.Errorf("first admin: %w", err)
	}
	limits := shared.Read(current, limitsOf)
	signIn := &service.Auth{
		Users: users, Sessions: sessions, Audit: audit, Passwords: passwords, Keys: keys,
		Limiter: limiter, Limits: limits, Announcer: announcer, NewID: newID, Log: tel.Log,
	}
	accounts := &service.Accounts{
		Users: users, Passwords: passwords, Limiter: limiter, Limits: limits, Announcer: announcer, Log: tel.Log,
	}
	reconcile := &service.Revocations{Sessions: sessions, Users: users, Announcer: announcer, Now: time.Now, Log: tel.Log}

	revocations := auth.NewRevocations(redis, tel.Log)
	server := web.New(web.Options{
		Service: config.Service, Title: "Users", Version: "1", Telemetry: tel, TrustedProxies: cfg.TrustedProxies,
		FingerprintKey: keys.Fingerprint(), // bodies hold passwords
		Verifier:       auth.NewVerifier(auth.VerifierOptions{Keys: keys.Public, Revoked: revocations.Revoked}),
		Checks: []web.Check{
			{Name: "database", Critical: true, Probe: postgres.Ping(pool)},
			{Name: "redis", Probe: func(ctx context.Context) error { return redis.Ping(ctx).Err() }},
		},
	})
	routes := &handler.Handler{Auth: signIn, Accounts: accounts, Users: users, Sessions: sessions, Audit: audit, JWKS: keys.JWKS()}
	routes.Register(server)

	group.Go("revocations", revocations.Run)
	group.Go("reconciliation", reconcile.Run)
	group.Go("attempts", limiter.Run)
	group.Go("idempotency", func(ctx context.Context) error { return idempotency.Run(ctx, pool, tel.Log) })
	group.Go("looks", func(ctx context.Context) error { return service.NoteLooks(ctx, tel.Log, users) })
	group.Go("cleanup", func(ctx context.Context) error {
		return service.Clean(ctx, tel.Log, sessions.DeleteExpired, sessions.DeleteRevoked, audit.DeleteFailed)
	})
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
	group.Go("http", func(ctx context.Context) error { return server.ServeOn(ctx, listener) })
	if cfg.ProfileAddr != "" {
		group.Go("profiles", func(ctx context.Context) error { return inspect.Serve(ctx, cfg.ProfileAddr, inspect.Profiles()) })
	}
	group.Go("registration", func(ctx context.Context) error {
		return consul.Register(ctx, discovery.Registration{Service: config.Service, HTTPPort: cfg.ServerPort})
	})
	return group.Wait()
}

// Database says which database, for Run and for the migrate command.
func Database(cfg config.Fixed, tel *telemetry.Telemetry) postgres.Config {
	return postgres.Config{
		URL: cfg.DatabaseURL.Reveal(), Schema: "user_service", MaxConns: cfg.MaxConns, Telemetry: tel,
	}
}

func limitsOf(cfg *config.Config) service.Limits {
	return service.Limits{
		RegistrationsPerAddress:    cfg.RegistrationsPerAddress,
		LoginsPerAddress:           cfg.LoginsPerAddress,
		LoginsPerAccount:           cfg.LoginsPerAccount,
		LoginsPerAccountEverywhere: cfg.LoginsPerAccountEverywhere,
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
