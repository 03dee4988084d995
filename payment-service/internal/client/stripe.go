package client

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"marketplace/shared/config"
)

// Our own identifiers, in the metadata of what we make at the processor: how an intent is found again whose identifier was lost.
const (
	metaPayment = "payment_id"
	metaOrder   = "order_id"
	metaRefund  = "refund_id"
)

const (
	defaultTimeout = 15 * time.Second
	maxConns       = 128
)

// Stripe is the card processor. It is safe for concurrent use.
type Stripe struct {
	api     *stripe.Client
	timeout func() time.Duration
	idle    func()
}

// Options say which processor.
type Options struct {
	SecretKey config.Secret
	BaseURL   string               // Stripe itself when empty; the sandbox's address otherwise
	Timeout   func() time.Duration // of one call, asked at each; 15 s when nil
}

// New makes the adapter. Close it to give its connections back.
func New(o Options) *Stripe {
	if o.BaseURL == "" {
		o.BaseURL = stripe.APIURL
	}
	if o.Timeout == nil {
		o.Timeout = func() time.Duration { return defaultTimeout }
	}
	pooled := http.DefaultTransport.(*http.Transport).Clone()
	pooled.MaxIdleConnsPerHost, pooled.MaxConnsPerHost = maxConns, maxConns
	httpClient := &http.Client{Transport: once{pooled}} // every call is bounded
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL:               stripe.String(strings.TrimSuffix(o.BaseURL, "/")),
		HTTPClient:        httpClient,
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		// The library logs whole replies; what is worth a log line is in the errors that are returned.
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return &Stripe{
		api:     stripe.NewClient(o.SecretKey.Reveal(), stripe.WithBackends(&stripe.Backends{API: backend})),
		timeout: o.Timeout,
		idle:    httpClient.CloseIdleConnections,
	}
}

// Close gives idle connections back.
func (s *Stripe) Close() { s.idle() }

func (s *Stripe) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.timeout())
}

// once keeps net/http from sending a request again on a new connection, which it does for those with an idempotency key
// when a kept connection breaks: a body that cannot be read twice is sent once.
type once struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.GetBody != nil {
		r = r.Clone(r.Context())
		r.GetBody = nil
	}
	return o.Transport.RoundTrip(r)
}
