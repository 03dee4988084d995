package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"marketplace/product-service/internal/config"
	"marketplace/product-service/migrations"
	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	shared "marketplace/shared/config"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a running product-service on real servers, and the people who use it.
type shop struct {
	t      testing.TB
	issuer *authtest.Issuer
	url    string
	client *http.Client
	grpc   productv1.ProductServiceClient
	db     testkit.DB
	config config.Config
}

// open starts a service with a database of its own and a pool of one: what needs a second connection would hang (P51).
func open(t testing.TB) *shop {
	t.Helper()
	s := &shop{
		t: t, issuer: authtest.New(t), db: testkit.Database(t, "product_service", migrations.Files),
		client: visitor(),
	}
	s.config = s.settings(s.db.URL)
	s.launch(s.config)
	s.await(s.config)
	s.url = fmt.Sprintf("http://127.0.0.1:%d", s.config.ServerPort)
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", s.config.GRPCPort),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	s.grpc = productv1.NewProductServiceClient(conn)
	return s
}

// visitor keeps no connections, so that none leaks.
func visitor() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
}

func (s *shop) settings(databaseURL string) config.Config {
	return config.Config{Fixed: config.Fixed{Common: shared.Common{
		Environment: shared.Development, LogFormat: "json", MaxConns: testkit.MaxConns(s.t, 1),
		ServerPort: testkit.FreePort(s.t), GRPCPort: testkit.FreePort(s.t), DatabaseURL: shared.Secret(databaseURL),
		RedisURL: shared.Secret(testkit.Redis(s.t)), JWKSURL: s.issuer.JWKSURL,
	}, Shop: shared.Shop{Currencies: []string{"USD", "EUR", "JPY", "ISK", "KWD", "MGA"}, ShopCurrency: "USD"}}, Live: config.Live{
		CommonLive: shared.CommonLive{LogLevel: "error", ShutdownGrace: 20 * time.Second},
	}}
}

// launch runs a service until the test ends.
func (s *shop) launch(cfg config.Config) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg) }()
	s.t.Cleanup(func() {
		cancel()
		require.NoError(s.t, <-done)
	})
}

// await returns when the service is ready.
func (s *shop) await(cfg config.Config) {
	s.t.Helper()
	testkit.Eventually(s.t, 30*time.Second, func() error {
		res, err := s.client.Get(fmt.Sprintf("http://127.0.0.1:%d/health/ready", cfg.ServerPort))
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), `"ready"`) {
			return fmt.Errorf("not ready: %s", body)
		}
		return nil
	})
}

// person is somebody with a token; the zero person is a visitor.
type person struct {
	ID    string
	token string
}

func (s *shop) person(roles ...string) person {
	s.t.Helper()
	id := uuid.NewString()
	return person{ID: id, token: s.issuer.As(s.t, id, roles...)}
}

func (s *shop) seller() person { return s.person(auth.RoleSeller) }

type reply struct {
	Status int
	Header http.Header
	Text   string
	Body   map[string]any
}

func (r reply) code() string { return fmt.Sprint(r.Body["code"]) }

// call sends a request; headers are pairs.
func (s *shop) call(who person, method, path, body string, headers ...string) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+"/api/v1"+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if who.token != "" {
		req.Header.Set("Authorization", "Bearer "+who.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(req)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	r := reply{Status: res.StatusCode, Header: res.Header, Text: string(text)}
	if len(text) > 0 {
		require.NoError(s.t, json.Unmarshal(text, &r.Body), r.Text)
	}
	return r
}

// must is call with the status that is expected.
func (s *shop) must(status int, who person, method, path, body string, headers ...string) reply {
	s.t.Helper()
	r := s.call(who, method, path, body, headers...)
	require.Equal(s.t, status, r.Status, "%s %s: %s", method, path, r.Text)
	return r
}

// offer creates an active product; more is JSON fields that come first.
func (s *shop) offer(who person, sku string, price int, more string) string {
	s.t.Helper()
	r := s.must(201, who, "POST", "/products", fmt.Sprintf(
		`{%s"sku":%q,"name":"Desk lamp","price":{"amount":%d,"currency":"USD"}}`, more, sku, price))
	return r.Body["id"].(string)
}

// names lists one field of a list's items.
func (s *shop) names(who person, query, field string) (names []string, cursor string) {
	s.t.Helper()
	r := s.must(200, who, "GET", query, "")
	for _, item := range r.Body["items"].([]any) {
		names = append(names, fmt.Sprint(item.(map[string]any)[field]))
	}
	cursor, _ = r.Body["next_cursor"].(string)
	return names, cursor
}
