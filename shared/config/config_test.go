package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/config"
	"marketplace/shared/testkit"
)

type settings struct {
	config.Common
	live    `live:"true"`
	Most    int           `mapstructure:"most" default:"100"`
	APIKey  config.Secret `mapstructure:"api_key" default:"development" production:"required"`
	Origins []string      `mapstructure:"origins"`
}

type live struct {
	config.CommonLive
	Limit int           `mapstructure:"limit" default:"10"`
	Wait  time.Duration `mapstructure:"wait" default:"3s"`
}

func (s settings) Validate() error {
	if s.Limit > s.Most {
		return errors.New("limit must not be above most")
	}
	return errors.Join(s.Common.Validate(), s.CommonLive.Validate())
}

// alone keeps the environment of whoever runs the tests out.
func alone(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, "TEST_") && name != "HOME" && name != "PATH" && name != "TMPDIR" {
			t.Setenv(name, "")
		}
	}
	t.Setenv("CONSUL_URL", "http://127.0.0.1:1")
}

func TestLoad_LaterLayersWin(t *testing.T) {
	alone(t)
	load := func() settings {
		t.Helper()
		cfg, err := config.Load[settings]("shop-service", map[string]any{"server_port": 8081})
		require.NoError(t, err)
		return cfg
	}
	require.Equal(t, 10, load().Limit)
	require.Equal(t, 3*time.Second, load().Wait)
	require.Equal(t, 8081, load().ServerPort)
	require.Equal(t, "info", load().LogLevel)

	require.NoError(t, os.WriteFile("config.yaml", []byte("limit: 20\nwait: 4s\nserver_port: 9000\n"), 0o600))
	require.Equal(t, 20, load().Limit)
	require.Equal(t, 4*time.Second, load().Wait)
	require.Equal(t, 9000, load().ServerPort)

	t.Setenv("LIMIT", "30")
	t.Setenv("ORIGINS", "a,b")
	require.Equal(t, 30, load().Limit)
	require.Equal(t, []string{"a", "b"}, load().Origins)

	t.Setenv("SHOP_SERVICE_LIMIT", "40")
	require.Equal(t, 40, load().Limit)
}

func TestLoad_AnEmptyVariableIsNoneButConsulsSwitchesItOff(t *testing.T) {
	alone(t)
	load := func() settings {
		t.Helper()
		cfg, err := config.Load[settings]("shop-service", map[string]any{"server_port": 8081})
		require.NoError(t, err)
		return cfg
	}
	t.Setenv("SERVER_PORT", "")
	t.Setenv("SHOP_SERVICE_LIMIT", "")
	t.Setenv("LIMIT", "30")
	require.Equal(t, 8081, load().ServerPort)
	require.Equal(t, 30, load().Limit)

	require.NoError(t, os.WriteFile("config.yaml", []byte("consul_url: http://127.0.0.1:2\n"), 0o600))
	t.Setenv("CONSUL_URL", "")
	require.Empty(t, load().ConsulURL)
	t.Setenv("SHOP_SERVICE_CONSUL_URL", "http://127.0.0.1:1")
	require.Equal(t, "http://127.0.0.1:1", load().ConsulURL, "the service's own variable goes before the common one")
	require.NoError(t, os.Unsetenv("SHOP_SERVICE_CONSUL_URL"))
	require.NoError(t, os.Unsetenv("CONSUL_URL"))
	require.Equal(t, "http://127.0.0.1:2", load().ConsulURL)
}

func TestLoad_TheCheckoutsFileIsTheLowestLayerInDevelopment(t *testing.T) {
	alone(t)
	checkout := t.TempDir()
	inside := filepath.Join(checkout, "shop-service")
	require.NoError(t, os.MkdirAll(inside, 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(checkout, ".local", "run"), 0o700))
	file := filepath.Join(checkout, ".local", "env")
	require.NoError(t, os.WriteFile(file, []byte(`# Written by 'make run'.
LIMIT=20
SHOP_SERVICE_SERVER_PORT=9001
OTHER_SERVICE_WAIT=9s
WAIT=4s
API_KEY=a=b#c
ORIGINS=a,b
SHOP_SERVICE_CONSUL_HTTP_TOKEN=ours
OTHER_SERVICE_CONSUL_HTTP_TOKEN=theirs
SOMETHING_ELSE=1
`), 0o600))
	load := func() settings {
		t.Helper()
		cfg, err := config.LoadIn[settings](inside, "shop-service", map[string]any{"server_port": 8081, "limit": 15})
		require.NoError(t, err)
		return cfg
	}
	require.Empty(t, load().SettingsFile, "a folder without go.work is no checkout")
	require.Equal(t, 15, load().Limit)

	require.NoError(t, os.WriteFile(filepath.Join(checkout, "go.work"), nil, 0o600))
	require.Empty(t, load().SettingsFile, "the marketplace does not run")
	require.NoError(t, os.WriteFile(filepath.Join(checkout, ".local", "run", "supervisord.pid"), []byte("1"), 0o600))
	require.Equal(t, file, load().SettingsFile)
	require.Equal(t, 20, load().Limit)
	require.Equal(t, 9001, load().ServerPort)
	require.Equal(t, 4*time.Second, load().Wait)
	require.Equal(t, "a=b#c", load().APIKey.Reveal())
	require.Equal(t, []string{"a", "b"}, load().Origins)
	require.Equal(t, "ours", load().ConsulToken.Reveal())

	require.NoError(t, os.WriteFile("config.yaml", []byte("limit: 30\n"), 0o600))
	require.Equal(t, 30, load().Limit)
	t.Setenv("SERVER_PORT", "9002")
	require.Equal(t, 9002, load().ServerPort, "the environment wins, also by the common name")

	t.Setenv("ENVIRONMENT", "production")
	_, err := config.LoadIn[settings](inside, "shop-service")
	require.ErrorContains(t, err, "API_KEY", "production does not read the file")
}

func TestLoad_ConsulStandsBetweenFileAndEnvironment(t *testing.T) {
	url, service := testkit.Consul(t), testkit.Prefix(t)
	alone(t)
	t.Setenv("CONSUL_URL", url)
	require.NoError(t, os.WriteFile("config.yaml", []byte("limit: 20\nwait: 4s\n"), 0o600))
	put(t, url, service, "limit", "25")
	put(t, url, service, "wait", "9s")
	t.Setenv("WAIT", "1s")

	cfg, err := config.Load[settings](service)
	require.NoError(t, err)
	require.Equal(t, 25, cfg.Limit)
	require.Equal(t, time.Second, cfg.Wait)

	for _, unknown := range []string{"limt", "limit.most", "api_key/x", "server_port."} {
		put(t, url, service, unknown, "1")
		_, err = config.Load[settings](service)
		require.ErrorContains(t, err, unknown)
		request(t, http.MethodDelete, url, service, unknown, "")
	}
}

func TestLoad_ConsulIsAskedWithTheServicesToken(t *testing.T) {
	alone(t)
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("X-Consul-Token")
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	t.Setenv("CONSUL_URL", server.URL)
	t.Setenv("CONSUL_HTTP_TOKEN", "of somebody's shell")
	t.Setenv("SHOP_SERVICE_CONSUL_HTTP_TOKEN", "ours")
	_, err := config.Load[settings]("shop-service")
	require.NoError(t, err)
	require.Equal(t, "ours", <-asked)
	_, err = config.Load[settings]("other-service")
	require.NoError(t, err)
	require.Equal(t, "of somebody's shell", <-asked)
}

func TestUpstreams_AreAddressesAndNetworks(t *testing.T) {
	alone(t)
	type caller struct {
		config.Common
		config.Upstreams
	}
	trusted := func() ([]netip.Prefix, error) {
		cfg, err := config.Load[caller]("shop-service")
		require.NoError(t, err)
		return cfg.Trusted()
	}
	networks := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	found, err := trusted()
	require.NoError(t, err)
	require.Equal(t, networks("127.0.0.0/8", "::1/128"), found)

	t.Setenv("TRUSTED_UPSTREAMS", "10.207.84.0/24, 192.0.2.7")
	found, err = trusted()
	require.NoError(t, err)
	require.Equal(t, networks("10.207.84.0/24", "192.0.2.7/32"), found)

	for _, wrong := range []string{"user-service", "10.0.0.0/33", "10.0.0.1,,"} {
		t.Setenv("TRUSTED_UPSTREAMS", wrong)
		_, err = trusted()
		require.ErrorContains(t, err, "trusted_upstreams", wrong)
	}
}

func TestLoad_RefusesWhatCannotBeMeant(t *testing.T) {
	alone(t)
	require.NoError(t, os.WriteFile("config.yaml", []byte("limti: 20\n"), 0o600))
	_, err := config.Load[settings]("shop-service")
	require.ErrorContains(t, err, "limti")
	require.NoError(t, os.Remove("config.yaml"))

	t.Setenv("LOG_LEVEL", "loud")
	_, err = config.Load[settings]("shop-service")
	require.ErrorContains(t, err, "log_level")
}

func TestLoad_ProductionRefusesDefaultSecrets(t *testing.T) {
	alone(t)
	t.Setenv("ENVIRONMENT", "production")
	_, err := config.Load[settings]("shop-service")
	require.ErrorContains(t, err, "API_KEY")
	require.ErrorContains(t, err, "RABBITMQ_URL")
	require.NotContains(t, err.Error(), "guest:guest")

	require.ErrorContains(t, err, "REDIS_URL")

	t.Setenv("API_KEY", "real")
	t.Setenv("RABBITMQ_URL", "amqp://broker")
	t.Setenv("REDIS_URL", "redis://cache")
	_, err = config.Load[settings]("shop-service")
	require.NoError(t, err)

	t.Setenv("DATABASE_URL", "postgres://shop:marketplace-development@postgres:5432/marketplace")
	_, err = config.Load[settings]("shop-service")
	require.ErrorContains(t, err, "DATABASE_URL")
	require.NotContains(t, err.Error(), "marketplace-development")
}

func TestSecret_IsNeverShown(t *testing.T) {
	s := config.Secret("hunter2")
	encoded, err := json.Marshal(map[string]any{"a": s})
	require.NoError(t, err)
	var log strings.Builder
	logger := zerolog.New(&log)
	logger.Info().Interface("cfg", struct{ S config.Secret }{s}).Stringer("s", s).Send()
	for _, shown := range []string{string(encoded), log.String(), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s)} {
		require.NotContains(t, shown, "hunter2")
	}
	require.Equal(t, "hunter2", s.Reveal())
}

func TestCommon_P45_NoAddressWithAPasswordCanBePrinted(t *testing.T) {
	printed := fmt.Sprintf("%v %+v %#v", config.Common{
		DatabaseURL: "postgres://u:hunter2@h/d", RedisURL: "redis://:hunter2@h/0", RabbitURL: "amqp://u:hunter2@h/",
	}, config.Common{RedisURL: "redis://:hunter2@h/0"}, config.Common{RedisURL: "redis://:hunter2@h/0"})
	require.NotContains(t, printed, "hunter2")
}

type priced struct {
	config.Common
	config.Shop
}

func TestShop_ItsCurrenciesAreCheckedAtStart(t *testing.T) {
	alone(t)
	shop := func() config.Shop {
		t.Helper()
		cfg, err := config.Load[priced]("shop-service")
		require.NoError(t, err)
		return cfg.Shop
	}
	accepted, err := shop().Accepted()
	require.NoError(t, err)
	require.Equal(t, []string{"EUR", "GBP", "JPY", "USD"}, accepted.Codes())
	require.Equal(t, "USD", shop().ShopCurrency)

	t.Setenv("CURRENCIES", "ISK, KWD")
	t.Setenv("SHOP_CURRENCY", "KWD")
	accepted, err = shop().Accepted()
	require.NoError(t, err)
	require.Equal(t, []string{"ISK", "KWD"}, accepted.Codes())

	for currencies, wrong := range map[string]string{
		"KWD,LYD": "LYD", "KWD,usd": "usd", "KWD,,USD": "currencies", "USD": "shop_currency",
	} {
		t.Setenv("CURRENCIES", currencies)
		_, err = shop().Accepted()
		require.ErrorContains(t, err, wrong, currencies)
	}
}
