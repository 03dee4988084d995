package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/app"
	"marketplace/order-service/internal/config"
	"marketplace/order-service/internal/handler"
	"marketplace/order-service/migrations"
	"marketplace/shared/auth/authtest"
	sharedconfig "marketplace/shared/config"
	"marketplace/shared/testkit"
)

const (
	schema = "order_service"
	within = time.Minute
	many   = 1_000_000
)

// shop is order-service with everything around it: a database and a vhost of its own, a catalogue, tokens.
type shop struct {
	t         *testing.T
	config    config.Config
	db        testkit.DB
	catalogue *catalogue
	issuer    *authtest.Issuer
	url       string
}

// newShop prepares a shop whose service does not run yet.
func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, db: testkit.Database(t, schema, migrations.Files), catalogue: newCatalogue(t), issuer: authtest.New(t)}
	s.config = config.Config{Fixed: config.Fixed{
		Common: sharedconfig.Common{
			Environment: sharedconfig.Development, LogFormat: "console",
			ServerPort:  testkit.FreePort(t),
			DatabaseURL: secret(s.db.URL), MaxConns: testkit.MaxConns(t, 5),
			RedisURL: secret(testkit.Redis(t)), RabbitURL: secret(testkit.VHost(t)), JWKSURL: s.issuer.JWKSURL,
		},
		Shop:               sharedconfig.Shop{Currencies: []string{"USD", "EUR", "ISK", "KWD"}, ShopCurrency: "USD"},
		ProductServiceAddr: s.catalogue.addr,
		KeyLife:            23 * time.Hour,
		TrustedProxies:     []string{"127.0.0.1"}, // the test stands where the gateway does
	}, Live: config.Live{
		CommonLive:    sharedconfig.CommonLive{LogLevel: "error", ShutdownGrace: 20 * time.Second},
		OrderDeadline: 15 * time.Minute,
		// Out of the way of tests with other questions, which order a lot as one customer.
		OpenOrders: many, OpenUnits: many, Declines: many, DeclinesPerAddress: many, CustomerWindow: 24 * time.Hour, AddressWindow: 15 * time.Minute,
	}}
	s.url = "http://127.0.0.1:" + strconv.Itoa(s.config.ServerPort)
	return s
}

// open prepares a shop and runs its service until the test ends.
func open(t *testing.T, change ...func(*config.Config)) *shop {
	t.Helper()
	s := newShop(t)
	for _, f := range change {
		f(&s.config)
	}
	s.run()
	return s
}

// run starts the service, waits until it is ready, and returns what stops it. It also stops when the test ends.
func (s *shop) run() (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, s.config) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(s.t, <-ended)
		}
	}
	s.t.Cleanup(stop)
	s.ready()
	return stop
}

func (s *shop) ready() {
	s.t.Helper()
	testkit.Eventually(s.t, 30*time.Second, func() error {
		return s.probe(http.StatusOK)
	}, "order-service is not ready")
}

// probe asks for readiness.
func (s *shop) probe(want int) error {
	res, err := plain.Get(s.url + "/health/ready")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != want {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// health is the word that readiness uses.
func (s *shop) health() string {
	res, err := plain.Get(s.url + "/health/ready")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	var ready struct{ Status string }
	if err := json.NewDecoder(res.Body).Decode(&ready); err != nil {
		return err.Error()
	}
	return ready.Status
}

func secret(s string) sharedconfig.Secret { return sharedconfig.Secret(s) }

// plain keeps no connections, so that none leaks.
var plain = &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// person calls the service with a token.
type person struct {
	shop  *shop
	id    string
	token string
}

// customer is somebody new.
func (s *shop) customer(roles ...string) *person {
	id := uuid.NewString()
	return &person{shop: s, id: id, token: s.issuer.As(s.t, id, roles...)}
}

// reply is what came back.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

// problem is the part of a problem+json that tests look at.
type problem struct {
	Code   string `json:"code"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

func (r reply) problem(t *testing.T) problem {
	t.Helper()
	require.Contains(t, r.Header.Get("Content-Type"), "application/problem+json", r.Body)
	var p problem
	require.NoError(t, json.Unmarshal([]byte(r.Body), &p))
	return p
}

func (r reply) order(t *testing.T) (o handler.Order) {
	t.Helper()
	require.Less(t, r.Status, 300, r.Body)
	require.NoError(t, json.Unmarshal([]byte(r.Body), &o))
	return o
}

// call sends a request; headers come in pairs.
func (p *person) call(method, path, body string, headers ...string) reply {
	p.shop.t.Helper()
	r, err := p.try(method, path, body, headers...)
	require.NoError(p.shop.t, err)
	return r
}

func (p *person) try(method, path, body string, headers ...string) (reply, error) {
	req, err := http.NewRequest(method, p.shop.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := plain.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return reply{Status: res.StatusCode, Header: res.Header, Body: string(text)}, err
}

const address = `{"name":"Ada Lovelace","line1":"12 St James's Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}`

// body is a valid POST /orders with these items as JSON.
func body(items string) string {
	return `{"items":[` + items + `],"shipping_address":` + address + `,"payment_method_id":"pm_card_visa"}`
}

func item(productID string, quantity int) string {
	return `{"product_id":"` + productID + `","quantity":` + strconv.Itoa(quantity) + `}`
}

func key() string { return uuid.NewString() }

// place orders and expects 201.
func (p *person) place(items string) handler.Order {
	p.shop.t.Helper()
	r := p.call(http.MethodPost, "/api/v1/orders", body(items), "Idempotency-Key", key())
	require.Equal(p.shop.t, http.StatusCreated, r.Status, r.Body)
	return r.order(p.shop.t)
}

func (p *person) get(id string) handler.Order {
	p.shop.t.Helper()
	return p.call(http.MethodGet, "/api/v1/orders/"+id, "").order(p.shop.t)
}

// await polls until the order has the status.
func (p *person) await(id, status string) (o handler.Order) {
	p.shop.t.Helper()
	testkit.Eventually(p.shop.t, time.Minute, func() bool {
		o = p.get(id)
		return o.Status == status
	}, "not ", status)
	return o
}

// count asks the database.
func (s *shop) count(query string, args ...any) (n int) {
	s.t.Helper()
	require.NoError(s.t, s.db.Pool.QueryRow(s.t.Context(), query, args...).Scan(&n))
	return n
}

// nothingHappened asserts that no request left anything behind.
func (s *shop) nothingHappened() {
	s.t.Helper()
	require.Zero(s.t, s.count(`select (select count(*) from orders) + (select count(*) from order_events)
		+ (select count(*) from order_items) + (select count(*) from outbox) + (select count(*) from idempotency_keys)`))
}
