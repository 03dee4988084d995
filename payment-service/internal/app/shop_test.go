package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/payment-service/internal/app"
	"marketplace/payment-service/internal/config"
	"marketplace/payment-service/internal/handler"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/payment-service/migrations"
	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	sharedconfig "marketplace/shared/config"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) {
	// These tests wait, for leases, time-outs and backoffs, much more than they work.
	_ = flag.Set("test.parallel", "6")
	// No Redis is there: the library's prober of a pool that was closed sleeps out its second.
	prober := goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")
	goleak.VerifyTestMain(m, prober, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(programs)
		os.Exit(code)
	}))
}

const (
	schema = "payment_service"
	within = time.Minute
)

// shop is payment-service with everything around it: a database and a vhost of its own, a card processor, tokens, and the
// other services as the broker shows them.
type shop struct {
	t       *testing.T
	config  config.Config
	db      testkit.DB
	sandbox *sandboxtest.Sandbox
	issuer  *authtest.Issuer
	peers   *peers
	url     string
}

// newShop prepares a shop whose service does not run yet.
func newShop(t *testing.T, processor ...func(*sandbox.Config)) *shop {
	t.Helper()
	port := testkit.FreePort(t)
	s := &shop{
		t: t, db: testkit.Database(t, schema, migrations.Files), issuer: authtest.New(t),
		url: "http://127.0.0.1:" + strconv.Itoa(port),
	}
	tell := func(c *sandbox.Config) { c.WebhookURL = s.url + "/api/v1/webhooks/stripe" }
	s.sandbox = sandboxtest.Start(t, append([]func(*sandbox.Config){tell}, processor...)...)
	s.config = config.Config{Fixed: config.Fixed{
		Common: sharedconfig.Common{
			Environment: sharedconfig.Development, LogFormat: "console", ServerPort: port,
			DatabaseURL: sharedconfig.Secret(s.db.URL), MaxConns: testkit.MaxConns(t, 5),
			RedisURL: "redis://127.0.0.1:1/0", RabbitURL: sharedconfig.Secret(testkit.VHost(t)), JWKSURL: s.issuer.JWKSURL,
		},
		Shop:      sharedconfig.Shop{Currencies: []string{"USD", "ISK", "JPY", "KWD", "MGA"}, ShopCurrency: "USD"},
		StripeURL: s.sandbox.URL, StripeKey: sandboxtest.Key, WebhookSecret: sandboxtest.WebhookSecret,
		StripeCalls: 8, KeyLife: time.Hour,
	}, Live: config.Live{
		CommonLive:    sharedconfig.CommonLive{LogLevel: "error", ShutdownGrace: 20 * time.Second},
		StripeTimeout: time.Second, RefundLimitSupport: 1_000_000, RefundLimitSupportDay: 1_000_000,
		OrderDeadline: 15 * time.Minute, AuthenticationTime: 5 * time.Minute,
	}}
	s.peers = s.newPeers()
	return s
}

// open prepares a shop and runs its service until the test ends.
func open(t *testing.T, processor ...func(*sandbox.Config)) *shop {
	t.Helper()
	s := newShop(t, processor...)
	s.run()
	return s
}

// run starts the service, waits until it is ready, and returns what stops it.
func (s *shop) run() (stop func()) {
	s.t.Helper()
	stop = s.start()
	s.ready()
	return stop
}

// start starts the service and returns what stops it. It also stops when the test ends.
func (s *shop) start() (stop func()) {
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
	return stop
}

func (s *shop) ready() {
	s.t.Helper()
	testkit.Eventually(s.t, 30*time.Second, func() error { return s.probe("/health/ready", http.StatusOK) }, "payment-service is not ready")
}

// probe asks for a status.
func (s *shop) probe(path string, want int) error {
	res, err := plain.Get(s.url + path)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != want {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	return nil
}

// plain keeps no connections, so that none leaks.
var plain = &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// person calls the service with a token.
type person struct {
	shop  *shop
	id    string
	token string
}

// somebody is a new person.
func (s *shop) somebody(roles ...string) *person {
	id := uuid.NewString()
	return &person{shop: s, id: id, token: s.issuer.As(s.t, id, roles...)}
}

func (s *shop) support() *person { return s.somebody(auth.RoleSupport) }

// reply is what came back.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

func (r reply) code(t testing.TB) string {
	t.Helper()
	var p struct{ Code string }
	require.NoError(t, json.Unmarshal([]byte(r.Body), &p), r.Body)
	return p.Code
}

// do sends a request; headers come in pairs.
func (p *person) do(method, path, body string, headers ...string) reply {
	p.shop.t.Helper()
	request, err := http.NewRequest(method, p.shop.url+path, bytes.NewBufferString(body))
	require.NoError(p.shop.t, err)
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	res, err := plain.Do(request)
	require.NoError(p.shop.t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	require.NoError(p.shop.t, err)
	return reply{Status: res.StatusCode, Header: res.Header, Body: string(content)}
}

// payment is the order's payment as support sees it, nil when there is none.
func (s *shop) payment(orderID string) *handler.Detail {
	s.t.Helper()
	support := s.support()
	var list struct{ Items []handler.Payment }
	r := support.do(http.MethodGet, "/api/v1/payments?order_id="+orderID, "")
	require.Equal(s.t, http.StatusOK, r.Status, r.Body)
	require.NoError(s.t, json.Unmarshal([]byte(r.Body), &list))
	if len(list.Items) == 0 {
		return nil
	}
	r = support.do(http.MethodGet, "/api/v1/payments/"+list.Items[0].ID, "")
	require.Equal(s.t, http.StatusOK, r.Status, r.Body)
	var d handler.Detail
	require.NoError(s.t, json.Unmarshal([]byte(r.Body), &d))
	return &d
}

// becomes waits until the order's payment has the status, and returns it.
func (s *shop) becomes(orderID, status string) (d *handler.Detail) {
	s.t.Helper()
	testkit.Eventually(s.t, within, func() error {
		if d = s.payment(orderID); d == nil {
			return fmt.Errorf("no payment")
		}
		if d.Status != status {
			return fmt.Errorf("is %s", d.Status)
		}
		return nil
	}, "the payment should become "+status)
	return d
}

// count runs a query that counts, in the service's database.
func (s *shop) count(query string, args ...any) (n int) {
	s.t.Helper()
	require.NoError(s.t, s.db.Pool.QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

// charges is how often money was taken for the order, and refunded how much went back, by the processor's own books.
func (s *shop) charges(orderID string) int {
	s.t.Helper()
	return s.sandbox.Count(`select count(*) from charges c join intents i on i.id = c.intent_id where i.order_id = $1 and c.paid`, orderID)
}

func (s *shop) refunded(orderID string) int {
	s.t.Helper()
	return s.sandbox.Count(`select coalesce(sum(r.amount), 0) from refunds r join intents i on i.id = r.intent_id
		where i.order_id = $1 and r.status = 'succeeded'`, orderID)
}

// in is the same shop in a subtest.
func (s *shop) in(t *testing.T) *shop {
	twin := *s
	twin.t = t
	return &twin
}

// chargeUnderItsKey sends the payment's request once more, as it left this process, and returns the status of the answer.
func (s *shop) chargeUnderItsKey(paymentID string, o order) int {
	s.t.Helper()
	return s.chargeUnderKey("pay_"+paymentID, paymentID, o)
}

func (s *shop) chargeUnderKey(key, paymentID string, o order) int {
	s.t.Helper()
	form := url.Values{
		"amount": {strconv.FormatInt(o.amount, 10)}, "currency": {"usd"}, "confirm": {"true"}, "payment_method": {o.method},
		"payment_method_types[]": {"card"}, "metadata[payment_id]": {paymentID}, "metadata[order_id]": {o.id},
		"capture_method": {"automatic"}, "use_stripe_sdk": {"true"}, "expand[]": {"latest_charge"},
	}
	request, err := http.NewRequest(http.MethodPost, s.sandbox.URL+intents, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+sandboxtest.Key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Idempotency-Key", key)
	res, err := plain.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}
