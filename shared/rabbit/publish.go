package rabbit

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/trace"
)

const (
	// Window is how many messages wait for their confirms together: ten times as fast as one at a time.
	Window = 100
	// publishTimeout bounds a window, the wait for its turn and for a connection included.
	publishTimeout = 5 * time.Second
	// frozenAfter is how long a broker may leave a window unconfirmed before its connection is given up. A window that came
	// late to its turn says nothing about the connection.
	frozenAfter = 2 * time.Second
)

var (
	errReturned = errors.New("rabbit: no queue takes this type of message")
	errRefused  = errors.New("rabbit: the broker did not confirm the message")
)

// Publish sends messages in windows and returns one result for each: nil only if the broker confirmed it and did not
// return it. After an error the message may or may not be on its way. It takes 5 s per window at most.
func (s *Session) Publish(ctx context.Context, messages []Message) []error {
	results := make([]error, 0, len(messages))
	for start := 0; start < len(messages); start += Window {
		window := messages[start:min(start+Window, len(messages))]
		results = append(results, s.publishWindow(ctx, window)...)
	}
	return results
}

func (s *Session) publishWindow(ctx context.Context, window []Message) []error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	spans := make([]trace.Span, len(window))
	traced := make([]Message, len(window))
	for i, m := range window {
		traced[i], spans[i] = startPublish(ctx, s.tracer, s.topology.Exchange, m)
	}
	results := s.send(ctx, traced)
	for i, err := range results {
		finish(spans[i], err)
		s.metrics.published.WithLabelValues(outcome(err)).Inc()
		if errors.Is(err, errReturned) {
			s.askToDeclare()
		}
	}
	return results
}

// send publishes one window when it is its turn and there is a connection.
func (s *Session) send(ctx context.Context, window []Message) []error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return all(len(window), ctx.Err())
	}
	p, err := s.await(ctx)
	if err != nil {
		return all(len(window), err)
	}
	return p.send(ctx, s.topology.Exchange, window)
}

func (s *Session) await(ctx context.Context) (*publisher, error) {
	for {
		p, changed := s.current()
		if p != nil && p.connection.blocked.Load() {
			return nil, ErrBlocked
		}
		if p != nil {
			return p, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ErrAway
		}
	}
}

func (s *Session) askToDeclare() {
	select {
	case s.redeclare <- struct{}{}:
	default:
	}
}

// publisher is a channel in confirm mode.
type publisher struct {
	connection *connection
	channel    *amqp.Channel
	closed     chan *amqp.Error
	returns    chan amqp.Return
}

func newPublisher(c *connection) (*publisher, error) {
	defer c.limit(callTimeout)()
	ch, err := c.amqp.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	if err := ch.Confirm(false); err != nil {
		return nil, fmt.Errorf("ask for confirms: %w", err)
	}
	return &publisher{
		connection: c, channel: ch,
		closed: ch.NotifyClose(make(chan *amqp.Error, 1)),
		// Room for this window and for what an abandoned one may still bring back: the library's reader must not wait.
		returns: ch.NotifyReturn(make(chan amqp.Return, 3*Window)),
	}, nil
}

// send is for one caller at a time.
func (p *publisher) send(ctx context.Context, exchange string, window []Message) []error {
	began := time.Now()
	results := make([]error, len(window))
	confirms := make([]*amqp.DeferredConfirmation, len(window))
	for i, m := range window {
		confirms[i], results[i] = p.channel.PublishWithDeferredConfirmWithContext(ctx, exchange, m.Type, true, false, publishing(m))
	}
	for i, confirm := range confirms {
		if results[i] == nil {
			results[i] = confirmed(ctx, confirm)
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && time.Since(began) > frozenAfter && !p.connection.blocked.Load() {
		p.connection.abort() // frozen, or far too slow: a new connection shows which
	}
	p.markReturned(window, results)
	return results
}

func confirmed(ctx context.Context, confirm *amqp.DeferredConfirmation) error {
	acked, err := confirm.WaitContext(ctx)
	if err == nil && !acked {
		return errRefused
	}
	return err
}

// markReturned takes the returns, which the broker sends before the confirms. They are known by message id; those of an
// earlier window that was given up are dropped.
func (p *publisher) markReturned(window []Message, results []error) {
	returned := map[string]bool{}
	for {
		select {
		case r, open := <-p.returns:
			if open {
				returned[r.MessageId] = true
				continue
			}
		default:
		}
		break
	}
	for i, m := range window {
		if returned[m.ID] {
			results[i] = fmt.Errorf("%w: %s", errReturned, m.Type)
		}
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "confirmed"
	case errors.Is(err, errReturned):
		return "returned"
	}
	return "failed"
}

func all(n int, err error) []error {
	results := make([]error, n)
	for i := range results {
		results[i] = err
	}
	return results
}
