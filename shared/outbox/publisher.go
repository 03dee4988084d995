package outbox

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"marketplace/shared/failpoint"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
)

const (
	// queueSize bounds the records in memory, some 10 MB. What does not fit is left to the sweep.
	queueSize = 10_000
	// ownFor is how long a record belongs to the process that committed it; a second less than retry_at's default.
	ownFor = 4 * time.Second
	// flushTimeout bounds the publishing of what is left in memory at the stop.
	flushTimeout = 5 * time.Second
)

// Broker is what a Publisher sends through: a rabbit.Session.
type Broker interface {
	Publish(ctx context.Context, messages []rabbit.Message) []error
	Healthy() error
}

var _ Broker = (*rabbit.Session)(nil)

// Publisher sends a process's events and sweeps for those that nobody sent.
type Publisher struct {
	pool    *pgxpool.Pool
	broker  Broker
	source  string
	log     zerolog.Logger
	metrics *metrics
	queue   chan Record
	marks   chan []string
	failing atomic.Bool // the last window was not published whole
}

// New returns a publisher that does nothing until Run. source is the service's name, as the events carry it.
func New(pool *pgxpool.Pool, broker Broker, source string, tel *telemetry.Telemetry) *Publisher {
	return &Publisher{
		pool: pool, broker: broker, source: source,
		log:     tel.Log.With().Str("part", "outbox").Logger(),
		metrics: newMetrics(tel.Registry),
		queue:   make(chan Record, queueSize),
		marks:   make(chan []string),
	}
}

// Committed hands over records whose transaction has committed. It never waits: when the queue is full they are left to
// the sweep.
func (p *Publisher) Committed(records []Record) {
	for _, r := range records {
		select {
		case p.queue <- r:
		default:
			p.metrics.dropped.Inc()
		}
	}
}

// Run publishes until ctx ends, then sends what is still in memory and marks it. It fails for no reason.
func (p *Publisher) Run(ctx context.Context) error {
	var senders, marker sync.WaitGroup
	marker.Go(p.mark)
	senders.Go(func() { p.sendQueue(ctx) })
	senders.Go(func() { p.sweep(ctx) })
	senders.Go(func() { p.cleanUp(ctx) })
	senders.Wait()
	close(p.marks)
	marker.Wait()
	return nil
}

// sendQueue sends what was committed here, in windows of what is there.
func (p *Publisher) sendQueue(ctx context.Context) {
	for {
		select {
		case r := <-p.queue:
			p.sendOwn(ctx, p.window(r))
		case <-ctx.Done():
			p.flush(context.WithoutCancel(ctx))
			return
		}
	}
}

func (p *Publisher) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case r := <-p.queue:
			p.sendOwn(ctx, p.window(r))
		default:
			return
		}
	}
}

// window takes first and what else is there.
func (p *Publisher) window(first Record) []Record {
	records := append(make([]Record, 0, rabbit.Window), first)
	for len(records) < rabbit.Window {
		select {
		case r := <-p.queue:
			records = append(records, r)
		default:
			return records
		}
	}
	return records
}

// sendOwn leaves records that have waited too long, because the broker was away, to the sweep: one copy is enough.
func (p *Publisher) sendOwn(ctx context.Context, records []Record) {
	fresh := records[:0]
	for _, r := range records {
		if time.Since(r.OccurredAt) < ownFor {
			fresh = append(fresh, r)
		}
	}
	if len(fresh) > 0 {
		p.send(context.WithoutCancel(ctx), fresh)
	}
}

// send publishes records and passes the confirmed ones on to be marked. The others stay unsent, for the sweep.
func (p *Publisher) send(ctx context.Context, records []Record) {
	messages := make([]rabbit.Message, len(records))
	for i, r := range records {
		messages[i] = r.message(p.source)
	}
	failpoint.Point("outbox.before_publish")
	results := p.broker.Publish(ctx, messages)
	failpoint.Point("outbox.after_publish")
	sent := make([]string, 0, len(records))
	var failed error
	for i, err := range results {
		if err != nil {
			failed = err
			continue
		}
		sent = append(sent, records[i].ID)
	}
	p.report(failed)
	if len(sent) > 0 {
		p.marks <- sent
	}
}

// report says when publishing begins to fail and when it works again: a broker that takes nothing would make a line of every window.
func (p *Publisher) report(failed error) {
	switch before := p.failing.Swap(failed != nil); {
	case failed != nil && !before:
		p.log.Warn().Err(failed).Msg("events not published; trying again")
	case failed == nil && before:
		p.log.Info().Msg("events are published again")
	}
}
