package rabbit

import (
	"context"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// handleTimeout bounds one call of a handler. It does not end when the process is told to stop: what runs is finished.
const handleTimeout = 30 * time.Second

// renewAfter is how long a subscription may bring nothing. RabbitMQ 3 does not tell a consumer when its queue is deleted and
// made anew at once; asking again is cheap.
const renewAfter = time.Minute

// Consume gives handle what is in the queue, up to batch messages at a time, until ctx ends. It never waits for a batch
// to fill. nil acknowledges all of it; after an error nothing is acknowledged and the same batch comes again, after a
// pause that grows. One batch runs at a time. A lost connection, a consumer that the broker cancelled and a time-out are
// followed by a new connection; the broker then delivers again what was not acknowledged.
//
// When ctx ends, what has already arrived is handled before Consume returns.
func (s *Session) Consume(ctx context.Context, queue string, batch int, handle Handler) error {
	return s.forever(ctx, "consume", func(ctx context.Context, c *connection, up func()) error {
		for {
			sub, err := subscribe(ctx, c, queue, batch, s.renewAfter)
			if err != nil {
				return err
			}
			up()
			err = s.serve(ctx, sub, queue, batch, handle)
			sub.stop()
			if err != nil {
				return err
			}
		}
	})
}

// serve handles batches until the subscription ends; nil means that it only needs to be renewed.
func (s *Session) serve(ctx context.Context, sub *subscription, queue string, batch int, handle Handler) error {
	for {
		deliveries := sub.next(batch)
		switch {
		case len(deliveries) == 0 && sub.idle.Load() && ctx.Err() == nil:
			return nil
		case len(deliveries) == 0:
			return fmt.Errorf("subscription to %s ended: %w", queue, lost(sub.reason()))
		}
		if err := s.work(ctx, sub, queue, deliveries, handle); err != nil {
			return err
		}
	}
}

// work handles one batch until it succeeds, then acknowledges it on the channel that it came from.
func (s *Session) work(ctx context.Context, sub *subscription, queue string, deliveries []amqp.Delivery, handle Handler) error {
	messages := make([]Message, len(deliveries))
	for i, d := range deliveries {
		messages[i] = received(d)
	}
	s.metrics.batch.WithLabelValues(queue).Observe(float64(len(messages)))
	for wait := new(backoff); ; {
		err := call(ctx, handle, messages)
		if err == nil {
			break
		}
		s.log.Warn().Err(err).Str("queue", queue).Int("messages", len(messages)).Msg("batch not done; trying it again")
		if !wait.wait(ctx, sub.closed) {
			return fmt.Errorf("batch given back: %w", err)
		}
	}
	s.metrics.consumed.WithLabelValues(queue).Add(float64(len(messages)))
	// All earlier deliveries of this channel are acknowledged already: batches come one after the other.
	return deliveries[len(deliveries)-1].Ack(true)
}

func call(ctx context.Context, handle Handler, messages []Message) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handleTimeout)
	defer cancel()
	return handle(ctx, messages)
}
