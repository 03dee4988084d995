// Package webhook delivers events to the merchant's endpoint, at least once each and in no promised order, as Stripe does.
//
// Events are rows that were written with what they tell about, so none is lost. A new event is also handed over in memory
// and leaves at once; its row's next attempt lies in the future, so that the sweep takes it only when this process did not
// come to it. Failed deliveries are tried again with growing pauses for three days.
package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"marketplace/payment-service/internal/sandbox/store"
)

const (
	// Lease is how long a handed-over event is this process's alone.
	Lease = 15 * time.Second
	// MaxHold ends the wait of a held event that no later one overtakes.
	MaxHold = 20 * time.Second

	senders    = 8
	queueSize  = 2048
	sweepEvery = 200 * time.Millisecond
	recordSize = 200
	timeout    = 5 * time.Second
	firstPause = 500 * time.Millisecond
	maxPause   = time.Minute
	giveUp     = 72 * time.Hour
)

// Sender delivers events. The zero value is not usable.
type Sender struct {
	url    string
	secret string
	log    zerolog.Logger
	client *http.Client
	queue  chan store.Event
	done   chan store.Delivery
}

// New makes a sender to one endpoint.
func New(url, secret string, log zerolog.Logger) *Sender {
	return &Sender{
		url: url, secret: secret, log: log,
		client: &http.Client{
			Timeout:       timeout,
			Transport:     &http.Transport{MaxIdleConnsPerHost: senders, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		queue: make(chan store.Event, queueSize),
		done:  make(chan store.Delivery, queueSize),
	}
}

// Offer hands over events that are durable. It never blocks: what finds no room is swept later.
func (s *Sender) Offer(events []store.Event) {
	for _, e := range events {
		if e.Later {
			continue // the sweep's business
		}
		select {
		case s.queue <- e:
		default:
		}
	}
}

// Run delivers until ctx ends.
func (s *Sender) Run(ctx context.Context, rows *store.Store) error {
	defer s.client.CloseIdleConnections()
	var g errgroup.Group
	for range senders {
		g.Go(func() error { s.deliver(ctx); return nil })
	}
	g.Go(func() error { s.sweep(ctx, rows); return nil })
	g.Go(func() error { s.record(ctx, rows); return nil })
	return g.Wait()
}

func (s *Sender) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-s.queue:
			d := store.Delivery{Event: e}
			for range e.Copies {
				if err := s.post(ctx, e); err != nil {
					d.Failure, d.Retry = err.Error(), pause(e)
				}
			}
			select {
			case s.done <- d:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (s *Sender) post(ctx context.Context, e store.Event) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(e.Payload))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (sandbox)")
	req.Header.Set("Stripe-Signature", Sign(s.secret, time.Now(), e.Payload))
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // lets the connection be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the endpoint replied %s", res.Status)
	}
	return nil
}

// pause is how long a failed event waits: doubled by each attempt, spread so that events do not come back all at once.
func pause(e store.Event) time.Duration {
	if time.Since(e.CreatedAt) > giveUp {
		return 0
	}
	p := min(firstPause<<min(e.Attempts, 10), maxPause)
	return p/2 + rand.N(p/2)
}

// sweep takes what is due, as much as there is room for.
func (s *Sender) sweep(ctx context.Context, rows *store.Store) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due, err := rows.ClaimEvents(ctx, Lease, min(recordSize, cap(s.queue)-len(s.queue)))
		if err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("cannot read the queue of webhooks")
		}
		for _, e := range due {
			select {
			case s.queue <- e:
			default:
			}
		}
	}
}

// record writes what became of deliveries, many at a time. What it cannot write is delivered again: at least once holds.
func (s *Sender) record(ctx context.Context, rows *store.Store) {
	for {
		var group []store.Delivery
		select {
		case <-ctx.Done():
			return
		case d := <-s.done:
			group = append(group, d)
		}
		for more := true; more && len(group) < recordSize; {
			select {
			case d := <-s.done:
				group = append(group, d)
			default:
				more = false
			}
		}
		if err := rows.RecordDeliveries(ctx, group); err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("cannot record deliveries of webhooks")
		}
	}
}
