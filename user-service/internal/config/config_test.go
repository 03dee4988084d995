package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/user-service/internal/config"
)

func TestLoad_DevelopmentNeedsNothing(t *testing.T) {
	cfg, err := config.Load()
	require.NoError(t, err)
	require.Equal(t, 8081, cfg.ServerPort)
	require.Equal(t, "admin@marketplace.local", cfg.AdminEmail)
	require.Empty(t, cfg.TrustedProxies, "a process on the same machine is no gateway by that")
}

func TestLoad_P45_ProductionRefusesDefaultsAndShortSecrets(t *testing.T) {
	t.Setenv("ENVIRONMENT", "production")
	_, err := config.Load()
	for _, name := range []string{"JWT_SECRET", "ADMIN_PASSWORD", "DATABASE_URL", "REDIS_URL"} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, fmt.Sprint(err), "RABBITMQ_URL", "this service has no broker")

	t.Setenv("DATABASE_URL", "postgres://somewhere/marketplace")
	t.Setenv("REDIS_URL", "redis://:secret@somewhere/0")
	t.Setenv("ADMIN_PASSWORD", "something of their own")
	t.Setenv("JWT_SECRET", strings.Repeat("x", 31))
	_, err = config.Load()
	require.ErrorContains(t, err, "jwt_secret")
	require.NotContains(t, err.Error(), "xxx")

	t.Setenv("JWT_SECRET", strings.Repeat("x", 32))
	cfg, err := config.Load()
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "xxx", "secrets do not print themselves")

	t.Setenv("JWT_SECRET_PREVIOUS", "guessable")
	_, err = config.Load()
	require.ErrorContains(t, err, "jwt_secret_previous", "its key signs what is accepted as well")
	t.Setenv("JWT_SECRET_PREVIOUS", strings.Repeat("y", 32))
	_, err = config.Load()
	require.NoError(t, err)
}

func TestLoad_RefusesLimitsThatWouldLockEverybodyOut(t *testing.T) {
	t.Setenv("LOGINS_PER_ACCOUNT", "0")
	_, err := config.Load()
	require.ErrorContains(t, err, "at least 1")
	t.Setenv("LOGINS_PER_ACCOUNT", "100")
	_, err = config.Load()
	require.ErrorContains(t, err, "one network must not use up the whole")
}
