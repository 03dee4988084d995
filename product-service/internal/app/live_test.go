package app

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/product-service/migrations"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/config/configtest"
	"marketplace/shared/lifecycle"
	"marketplace/shared/testkit"
)

func TestSettings_P47_TheTimeForAStopChangesInTheRunningServiceAndACurrencyNeedsARestart(t *testing.T) {
	t.Parallel()
	consul, log := configtest.NewStore(t), &testkit.Log{}
	s := &shop{t: t, issuer: authtest.New(t), client: visitor()}
	cfg := s.settings(testkit.Database(t, "product_service", migrations.Files).URL)
	cfg.ConsulURL, cfg.LogOutput, cfg.LogLevel = consul.URL, log, "info"
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg) }()
	s.await(cfg)

	consul.Put("config/product-service/currencies", "USD")
	testkit.Eventually(t, time.Minute, func() bool {
		return log.Lines(`"level":"warn"`, "needs a restart", `"key":"currencies"`, `"refused":"[USD]"`) == 1
	})
	consul.Put("config/product-service/shutdown_grace", "400ms")
	testkit.Eventually(t, time.Minute, func() bool { return log.Lines("a setting has changed", `"key":"shutdown_grace"`, `"to":"400ms"`) == 1 })

	// A client that never finishes its request holds up a stop for five seconds, which the 20 s of the start would allow.
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", cfg.ServerPort))
	require.NoError(t, err)
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\n"))
	require.NoError(t, err)
	cancel()
	err = <-ended
	require.NoError(t, conn.Close())
	require.ErrorIs(t, err, lifecycle.ErrGrace, "within 20 s it would have ended in order")
}
