package rabbit

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// subscription is a consumer on a channel of its own.
type subscription struct {
	connection *connection
	channel    *amqp.Channel
	closed     chan *amqp.Error
	arrived    chan amqp.Delivery

	patience time.Duration
	timer    *time.Timer // cancels when nothing arrives
	idle     atomic.Bool // it has
	release  func() bool
}

const consumerTag = "consumer"

// subscribe lets two batches travel: the next one is here when the present one is done. The subscription is cancelled when
// ctx ends, or when nothing arrives for as long as patience.
func subscribe(ctx context.Context, c *connection, queue string, batch int, patience time.Duration) (*subscription, error) {
	defer c.limit(callTimeout)()
	ch, err := c.amqp.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	if err := ch.Qos(2*batch, 0, false); err != nil {
		return nil, fmt.Errorf("limit the deliveries: %w", err)
	}
	deliveries, err := ch.Consume(queue, consumerTag, false, false, false, false, nil)
	if err != nil {
		return nil, fmt.Errorf("consume from %q: %w", queue, err)
	}
	s := &subscription{
		connection: c, channel: ch, patience: patience,
		closed:  ch.NotifyClose(make(chan *amqp.Error, 1)),
		arrived: make(chan amqp.Delivery, 2*batch),
	}
	go s.collect(deliveries)
	s.timer = time.AfterFunc(patience, func() {
		s.idle.Store(true)
		s.cancel()
	})
	s.release = context.AfterFunc(ctx, s.cancel)
	return s, nil
}

// collect makes what has arrived countable: the library hands deliveries over one by one, unbuffered.
func (s *subscription) collect(deliveries <-chan amqp.Delivery) {
	defer close(s.arrived)
	for d := range deliveries {
		s.arrived <- d
	}
}

// cancel asks the broker to send no more. arrived closes when what has come is taken.
func (s *subscription) cancel() {
	defer s.connection.limit(callTimeout)()
	_ = s.channel.Cancel(consumerTag, false)
}

// next waits for one delivery and takes what else is there. It returns nothing when the subscription has ended.
func (s *subscription) next(most int) []amqp.Delivery {
	first, open := <-s.arrived
	if !open {
		return nil
	}
	s.timer.Reset(s.patience)
	deliveries := append(make([]amqp.Delivery, 0, most), first)
	for len(deliveries) < most {
		select {
		case d, open := <-s.arrived:
			if !open {
				return deliveries
			}
			deliveries = append(deliveries, d)
		default:
			return deliveries
		}
	}
	return deliveries
}

func (s *subscription) reason() *amqp.Error {
	select {
	case err := <-s.closed:
		return err
	default:
		return nil
	}
}

// stop gives up what was not acknowledged; the broker delivers it again.
func (s *subscription) stop() {
	s.timer.Stop()
	s.release()
	defer s.connection.limit(callTimeout)()
	_ = s.channel.Close()
	for range s.arrived { // until collect has ended
	}
}
