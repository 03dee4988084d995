// Package sandboxtest runs a sandbox processor inside a test, on a database of its own, with a receiver for its webhooks.
package sandboxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/shared/config"
	"marketplace/shared/testkit"
)

// Secrets of a test's sandbox.
const (
	Key           = "sk_test_sandbox"
	WebhookSecret = "whsec_sandbox"
)

// Sandbox is a running processor.
type Sandbox struct {
	URL string
	DB  testkit.DB
	t   testing.TB
}

// Config is what a test's sandbox starts with: nobody is told of events, search is not behind, late answers come at once.
func Config(t testing.TB, db testkit.DB) sandbox.Config {
	t.Helper()
	return sandbox.Config{
		Common: config.Common{
			Environment: config.Development, LogFormat: "json", ServerHost: "127.0.0.1", ServerPort: testkit.FreePort(t),
			DatabaseURL: config.Secret(db.URL), MaxConns: testkit.MaxConns(t, 6),
		},
		CommonLive: config.CommonLive{LogLevel: "warn", ShutdownGrace: 10 * time.Second},
		StripeKey:  Key, WebhookSecret: WebhookSecret, KeyRetention: 24 * time.Hour, SettleDelay: 50 * time.Millisecond,
	}
}

// Start runs a sandbox with a database of its own until the test ends.
func Start(t testing.TB, change ...func(*sandbox.Config)) *Sandbox {
	t.Helper()
	return StartOn(t, testkit.Database(t, "sandbox", store.Migrations()), change...)
}

// StartOn runs a sandbox on a database that others may use as well.
func StartOn(t testing.TB, db testkit.DB, change ...func(*sandbox.Config)) *Sandbox {
	t.Helper()
	cfg := Config(t, db)
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sandbox.Run(ctx, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the sandbox failed: %v", err)
		}
	})
	s := &Sandbox{URL: fmt.Sprintf("http://127.0.0.1:%d", cfg.ServerPort), DB: db, t: t}
	s.Await()
	return s
}

// Await returns when the sandbox is ready.
func (s *Sandbox) Await() { AwaitReady(s.t, s.URL) }

// AwaitReady returns when the sandbox at url is ready.
func AwaitReady(t testing.TB, url string) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		res, err := http.Get(url + "/health/ready")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", res.Status)
		}
		return nil
	})
}

// Fault puts a rule in force.
func (s *Sandbox) Fault(r faults.Rule) {
	s.t.Helper()
	s.post("/sandbox/faults", r, http.StatusCreated)
}

// ForgetFaults ends all misbehaviour.
func (s *Sandbox) ForgetFaults() {
	s.t.Helper()
	s.control(http.MethodDelete, "/sandbox/faults", nil, http.StatusNoContent)
}

// Rules lists the rules in force.
func (s *Sandbox) Rules() []faults.Rule {
	s.t.Helper()
	var list struct{ Items []faults.Rule }
	if err := json.Unmarshal(s.control(http.MethodGet, "/sandbox/faults", nil, http.StatusOK), &list); err != nil {
		s.t.Fatal(err)
	}
	return list.Items
}

// Hits is how often the rules in force have misbehaved so far.
func (s *Sandbox) Hits() (n int) {
	s.t.Helper()
	for _, r := range s.Rules() {
		n += r.Hits
	}
	return n
}

// Authenticate ends a 3-D Secure challenge as the shopper would.
func (s *Sandbox) Authenticate(intentID string, passed bool) {
	s.t.Helper()
	outcome := "failed"
	if passed {
		outcome = "succeeded"
	}
	s.post("/sandbox/payment_intents/"+intentID+"/authenticate", map[string]string{"outcome": outcome}, http.StatusOK)
}

// RefundAtConsole gives money back as a person at the processor's console does; 0 is all that is left.
func (s *Sandbox) RefundAtConsole(intentID string, amount int64) {
	s.t.Helper()
	s.post("/sandbox/payment_intents/"+intentID+"/refund", map[string]int64{"amount": amount}, http.StatusOK)
}

// Dispute moves the dispute of an intent's charge; the first time begins it.
func (s *Sandbox) Dispute(intentID, status string) {
	s.t.Helper()
	s.post("/sandbox/payment_intents/"+intentID+"/dispute", map[string]string{"status": status}, http.StatusOK)
}

func (s *Sandbox) post(path string, body any, want int) {
	s.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.control(http.MethodPost, path, encoded, want)
}

// control calls one of the sandbox's own routes.
func (s *Sandbox) control(method, path string, body []byte, want int) []byte {
	s.t.Helper()
	request, err := http.NewRequest(method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Close = true // Go's client repeats a request by itself when a connection that it had kept is cut, which hides a fault
	request.Header.Set("Authorization", "Bearer "+Key)
	request.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		s.t.Fatalf("%s %s: %s: %s (%v)", method, path, res.Status, reply, err)
	}
	return reply
}

// Count runs a query that counts.
func (s *Sandbox) Count(query string, args ...any) (n int) {
	s.t.Helper()
	if err := s.DB.Pool.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// Delivery is a webhook as it came in.
type Delivery struct {
	Type      string
	ID        string
	Signature string
	Body      []byte
	At        time.Time
}

// Endpoint receives webhooks.
type Endpoint struct {
	URL    string
	mu     sync.Mutex
	got    []Delivery
	status int
}

// NewEndpoint starts an endpoint that takes everything.
func NewEndpoint(t testing.TB) *Endpoint {
	t.Helper()
	e := &Endpoint{status: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(e.receive))
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// Answer makes the endpoint reply with a status from now on; what it refuses it does not note.
func (e *Endpoint) Answer(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// Got lists what came in so far, in order.
func (e *Endpoint) Got() []Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Delivery(nil), e.got...)
}

// Types lists the types of what came in so far, in order.
func (e *Endpoint) Types() []string {
	var types []string
	for _, d := range e.Got() {
		types = append(types, d.Type)
	}
	return types
}

func (e *Endpoint) receive(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var event struct{ ID, Type string }
	_ = json.Unmarshal(body, &event)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.status/100 == 2 {
		e.got = append(e.got, Delivery{
			Type: event.Type, ID: event.ID, Signature: r.Header.Get("Stripe-Signature"), Body: body, At: time.Now(),
		})
	}
	w.WriteHeader(e.status)
}
