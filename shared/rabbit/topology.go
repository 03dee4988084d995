package rabbit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Topology is one topic exchange and the queues bound to it.
type Topology struct {
	Exchange string
	Queues   map[string][]string // queue name to the routing keys it gets
}

// ErrMismatch means that the broker has something of that name with other arguments. Waiting does not help.
var ErrMismatch = errors.New("exists on the broker with other arguments")

// deliveryLimit is out of reach. RabbitMQ 4 drops a message at its 20th delivery unless it is told otherwise; its word for
// "no limit", -1, makes RabbitMQ 3 drop every message at its first redelivery. So one number serves both.
const deliveryLimit = 1_000_000_000

// queueArguments can never change for an existing name.
var queueArguments = amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": int64(deliveryLimit)}

// declare makes what is missing. Where the operator keeps that right from the service, it looks whether all is there.
func (c *connection) declare(t Topology) error {
	if !c.finds {
		if err := c.onChannel(t.declare); !forbidden(err) {
			return err
		}
		c.finds = true
	}
	return c.find(t)
}

// find fails when something is missing. Newer brokers let only those look who have some right to a thing; what we may not
// see counts as there: a consumer without its queue fails anyway, and a message that no binding takes comes back.
func (c *connection) find(t Topology) error {
	err := c.look(t.Exchange, func(ch *amqp.Channel, _ func()) error {
		return ch.ExchangeDeclarePassive(t.Exchange, amqp.ExchangeTopic, true, false, false, false, nil)
	})
	for _, queue := range slices.Sorted(maps.Keys(t.Queues)) {
		if err != nil {
			return err
		}
		err = c.look(queue, func(ch *amqp.Channel, _ func()) error {
			_, err := ch.QueueDeclarePassive(queue, true, false, false, false, queueArguments)
			return err
		})
	}
	return err
}

func (c *connection) look(name string, ask func(*amqp.Channel, func()) error) error {
	if c.unseen[name] {
		return nil
	}
	err := c.onChannel(ask)
	if forbidden(err) {
		c.unseen[name] = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for %q: %w", name, err)
	}
	return nil
}

func forbidden(err error) bool {
	closed, ok := errors.AsType[*amqp.Error](err)
	return ok && closed.Code == amqp.AccessRefused
}

// onChannel calls do with a channel of its own: a refusal closes the channel. Each call to the broker has callTimeout, and do says
// by next when another one begins: a broker that is slow at each of many calls is not away.
func (c *connection) onChannel(do func(ch *amqp.Channel, next func()) error) error {
	timer := time.AfterFunc(callTimeout, c.abort)
	defer timer.Stop()
	next := func() { timer.Reset(callTimeout) }
	ch, err := c.amqp.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() {
		next()
		_ = ch.Close()
	}()
	next()
	return do(ch, next)
}

func (t Topology) declare(ch *amqp.Channel, next func()) error {
	if err := ch.ExchangeDeclare(t.Exchange, amqp.ExchangeTopic, true, false, false, false, nil); err != nil {
		return refused("exchange", t.Exchange, err)
	}
	for _, queue := range slices.Sorted(maps.Keys(t.Queues)) {
		next()
		if _, err := ch.QueueDeclare(queue, true, false, false, false, queueArguments); err != nil {
			return refused("queue", queue, err)
		}
		for _, key := range t.Queues[queue] {
			next()
			if err := ch.QueueBind(queue, key, t.Exchange, false, nil); err != nil {
				return fmt.Errorf("bind queue %q to %q: %w", queue, key, err)
			}
		}
	}
	return nil
}

func refused(what, name string, err error) error {
	if closed, ok := errors.AsType[*amqp.Error](err); ok && closed.Code == amqp.PreconditionFailed {
		return fmt.Errorf("%s %q %w: delete it when it is drained, or give it a new version in its name (%s)",
			what, name, ErrMismatch, closed.Reason)
	}
	return fmt.Errorf("declare %s %q: %w", what, name, err)
}
