package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/handler"
	"marketplace/payment-service/internal/sandbox/service"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/payment-service/internal/sandbox/webhook"
	"marketplace/shared/inspect"
	"marketplace/shared/lifecycle"
	"marketplace/shared/postgres"
	"marketplace/shared/telemetry"
)

// Run is the whole program; it returns when ctx ends and everything has stopped, or when something it cannot do without fails.
func Run(ctx context.Context, cfg Config) error {
	tel, err := telemetry.Setup(ctx, "sandbox", telemetry.Options{
		LogLevel: cfg.LogLevel, LogFormat: cfg.LogFormat, Output: cfg.LogOutput, OTLPEndpoint: cfg.OTLPEndpoint,
		SampleRatio: cfg.TraceSampleRatio, SettingsFile: cfg.SettingsFile,
	})
	if err != nil {
		return err
	}
	group := lifecycle.New(ctx, tel.Log, func() time.Duration { return cfg.ShutdownGrace })
	defer group.Stop() //nolint:errcheck // Wait has returned the failure; after a failed start that one counts
	group.OnStop("telemetry", tel.Shutdown)

	if err := postgres.Migrate(ctx, database(cfg, tel), store.Migrations()); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, database(cfg, tel))
	if err != nil {
		return err
	}
	group.OnStop("database", postgres.Close(pool))

	var announce func([]store.Event)
	sender := webhook.New(cfg.WebhookURL, cfg.WebhookSecret.Reveal(), tel.Log)
	if cfg.WebhookURL != "" {
		announce = sender.Offer
	}
	rows := store.New(pool, cfg.KeyRetention, announce)
	if cfg.WebhookURL != "" {
		group.Go("webhooks", func(ctx context.Context) error { return sender.Run(ctx, rows) })
	}
	group.Go("writers", rows.Run)

	rules := &faults.Set{}
	svc := service.New(rows, rules, service.NewEnv(cfg.SettleDelay), cfg.WebhookURL != "")
	group.Go("settling", func(ctx context.Context) error { return svc.Run(ctx, tel.Log) })

	h := handler.New(handler.Options{
		Service: svc, Store: rows, Faults: rules, SecretKey: cfg.StripeKey.Reveal(), SearchLag: cfg.SearchLag,
		Ready: postgres.Ping(pool), Log: tel.Log,
	})
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("GET /metrics", inspect.Metrics(tel.Registry))
	listener, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	tel.Log.Info().Stringer("address", listener.Addr()).Msg("the sandbox takes cards")
	group.Go("http", func(ctx context.Context) error { return serve(ctx, cfg, listener, mux, h.Close) })
	return group.Wait()
}

func listen(ctx context.Context, cfg Config) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.HTTPAddr())
	if err != nil {
		return nil, fmt.Errorf("listen (SERVER_PORT): %w", err)
	}
	return l, nil
}

// serve answers until ctx ends, then finishes what runs.
func serve(ctx context.Context, cfg Config, l net.Listener, h http.Handler, closing func()) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      40 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	failed := make(chan error, 1)
	go func() {
		if cfg.TLSCert != "" {
			failed <- server.ServeTLS(l, cfg.TLSCert, cfg.TLSKey)
			return
		}
		failed <- server.Serve(l)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	closing()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
