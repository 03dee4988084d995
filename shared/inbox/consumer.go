package inbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"marketplace/shared/due"
	"marketplace/shared/failpoint"
	"marketplace/shared/fault"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
)

// Options of a Consumer. Pool, Queue, Known, Handle and Telemetry are required.
type Options struct {
	Pool  *pgxpool.Pool
	Queue string // also the consumer's name in the tables

	// Known says whether this build can handle a type.
	Known func(eventType string) bool
	// Handle does the work of a batch in one transaction, Accept included. Only messages of known types with valid ids come.
	Handle rabbit.Handler

	MaxAttempts int                             // of a parked message; 10 when zero
	Backoff     func(attempt int) time.Duration // until the next one; doubling from 1 s to 10 min when nil
	Telemetry   *telemetry.Telemetry
}

// stubborn is how often in a row a batch may fail with errors that are worth a retry. While the database answers (parking
// works), such an error is some message's own: a statement that always times out, say.
const stubborn = 10

var (
	errUnknownType = errors.New("this build does not know the type")
	errNoID        = errors.New("the message has no valid id")
	errRedelivered = errors.New("delivered before and not acknowledged")
)

// Consumer handles what a queue delivers. Give Batch to rabbit.Session.Consume, and run Run beside it.
type Consumer struct {
	o       Options
	handle  rabbit.Handler
	log     zerolog.Logger
	metrics *metrics
	wake    chan struct{} // a message was parked
	failed  int           // transient failures in a row
	alone   time.Duration // for one message that is handled alone: tryTimeout

	looks due.Looks // for messages that are due; Run's own
}

// NewConsumer returns a consumer.
func NewConsumer(o Options) *Consumer {
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 10
	}
	if o.Backoff == nil {
		o.Backoff = doubling
	}
	return &Consumer{
		o:       o,
		handle:  rabbit.Traced(o.Telemetry.Tracer, o.Queue, guarded(o.Handle)),
		log:     o.Telemetry.Log.With().Str("part", "inbox").Str("queue", o.Queue).Logger(),
		metrics: newMetrics(o.Telemetry.Registry, o.Queue),
		wake:    make(chan struct{}, 1),
		alone:   tryTimeout,
	}
}

func doubling(attempt int) time.Duration {
	return min(time.Second<<min(attempt-1, 20), 10*time.Minute)
}

// guarded makes a panic an error of the data: the same message would panic again.
func guarded(handle rabbit.Handler) rabbit.Handler {
	return func(ctx context.Context, batch []rabbit.Message) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return handle(ctx, batch)
	}
}

// Batch handles a batch, and parks of it what cannot be handled now. nil means that every message has had its effect or
// is parked. An error means that the same batch is to come again. It is for one caller at a time.
func (c *Consumer) Batch(ctx context.Context, batch []rabbit.Message) error {
	fresh, suspects := c.sort(batch)
	if err := c.park(ctx, suspects); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	err := c.handle(ctx, fresh)
	if err == nil {
		failpoint.Point("inbox.after_commit")
		c.failed = 0
		c.metrics.handled.Add(float64(len(fresh)))
		return nil
	}
	if fault.Transient(err) {
		if c.failed++; c.failed < stubborn {
			return err
		}
	}
	return c.oneByOne(ctx, fresh, err)
}

// sort finds the messages that must not be tried together with others.
func (c *Consumer) sort(batch []rabbit.Message) (fresh []rabbit.Message, suspects []suspect) {
	for _, m := range batch {
		id, err := uuid.Parse(m.ID)
		if err != nil {
			suspects = append(suspects, suspect{withID(m), errNoID, 0})
			continue
		}
		m.ID = id.String() // one spelling, as Accept returns it
		switch {
		case !c.o.Known(m.Type):
			suspects = append(suspects, suspect{m, errUnknownType, 0})
		case m.Redelivered:
			suspects = append(suspects, suspect{m, errRedelivered, 0})
		default:
			fresh = append(fresh, m)
		}
	}
	return fresh, suspects
}

// oneByOne takes a failed batch apart, so that one bad message does not hold the others up: each has its own time.
func (c *Consumer) oneByOne(ctx context.Context, batch []rabbit.Message, err error) error {
	patient := c.failed < stubborn
	for _, m := range batch {
		if len(batch) > 1 {
			err = c.handleAlone(ctx, m)
		}
		switch {
		case err == nil:
			c.metrics.handled.Inc()
		case fault.Transient(err) && patient:
			c.failed++ // or a batch that has a data error as well would come again for ever
			return err
		default:
			if err := c.park(ctx, []suspect{{m, err, 1}}); err != nil {
				return err
			}
		}
	}
	c.failed = 0
	return nil
}

// handleAlone handles one message in a time of its own, whatever the messages before it have left of the batch's.
func (c *Consumer) handleAlone(ctx context.Context, m rabbit.Message) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.alone)
	defer cancel()
	return c.handle(ctx, []rabbit.Message{m})
}

// withID derives an id for a message without a valid one, the same at each delivery.
func withID(m rabbit.Message) rabbit.Message {
	m.ID = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%q %q %q %q %d %x", m.ID, m.Type, m.Source, m.Subject, m.Time.UnixNano(), m.Body)).String()
	return m
}
