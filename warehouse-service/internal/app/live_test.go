package app_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/config/configtest"
	"marketplace/shared/lifecycle"
	"marketplace/shared/testkit"
	"marketplace/warehouse-service/internal/app"
)

func TestSettings_P47_TheTimeForAStopChangesInTheRunningServiceAndAnAddressNeedsARestart(t *testing.T) {
	t.Parallel()
	consul, log := configtest.NewStore(t), &testkit.Log{}
	d := newDepot(t)
	d.config.ConsulURL, d.config.LogOutput, d.config.LogFormat, d.config.LogLevel = consul.URL, log, "json", "info"
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, d.config) }()
	d.ready()

	consul.Put("config/warehouse-service/product_service_addr", "127.0.0.1:1")
	testkit.Eventually(t, time.Minute, func() bool { return log.Lines(`"level":"warn"`, "needs a restart", `"refused":"127.0.0.1:1"`) == 1 })
	consul.Put("config/warehouse-service/shutdown_grace", "400ms")
	testkit.Eventually(t, time.Minute, func() bool { return log.Lines("a setting has changed", `"key":"shutdown_grace"`, `"to":"400ms"`) == 1 })

	// A client that never finishes its request holds up a stop for five seconds, which the 20 s of the start would allow.
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(d.config.ServerPort))
	require.NoError(t, err)
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\n"))
	require.NoError(t, err)
	cancel()
	err = <-ended
	require.NoError(t, conn.Close())
	require.ErrorIs(t, err, lifecycle.ErrGrace, "within 20 s it would have ended in order")
}
