package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
	"marketplace/user-service/internal/app"
	"marketplace/user-service/internal/config"
)

func TestRegistration_AProcessWithoutItsPortLeavesThatOfItsHolderAlone(t *testing.T) {
	t.Parallel()
	consul := testkit.Consul(t)
	u := start(t, func(c *config.Config) { c.ConsulURL = consul })
	registered := func() bool {
		res, err := http.Get(fmt.Sprintf("%s/v1/agent/service/user-service-127.0.0.1:%d", consul, u.cfg.ServerPort))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode == http.StatusOK
	}
	testkit.Eventually(t, time.Minute, registered)

	second := u.cfg
	require.ErrorContains(t, app.Run(t.Context(), second), "another process listens on")
	require.True(t, registered())
}
