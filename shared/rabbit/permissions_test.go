package rabbit_test

import (
	"context"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// maker is what an operator lets a service do that makes things: publish this, read its own queue, declare nothing.
var maker = testkit.Rights{
	Configure: "^$", Write: `^shop\.events$`, Read: `^shop\.events\.v1$`, Topics: `^thing\.made$`,
}

func TestSession_P46_WithoutTheRightToDeclareItFindsTheTopology(t *testing.T) {
	t.Parallel()
	admin := testkit.VHost(t)
	user := testkit.RabbitUser(t, admin, "shop.events", maker)
	s := start(t, user, telemetry.Nop())
	require.Error(t, s.Publish(t.Context(), messages(1, "thing.made"))[0], "there is no topology yet, and it may not make one")

	requireAll(t, start(t, admin, telemetry.Nop()).Publish(t.Context(), messages(1, "thing.made")))
	testkit.Eventually(t, time.Minute, s.Healthy)
	sent := messages(3, "thing.made")
	requireAll(t, s.Publish(t.Context(), sent))
	got := newInbox()
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, got.take) })
	got.awaitAll(t, sent)
}

func TestSession_P46_AForgedTypeIsNotBelieved(t *testing.T) {
	t.Parallel()
	admin := testkit.VHost(t)
	s := start(t, admin, telemetry.Nop())
	requireAll(t, s.Publish(t.Context(), messages(1, "thing.sold")))
	user := testkit.RabbitUser(t, admin, "shop.events", maker)

	require.Error(t, publish(t, user, "thing.sold", nil), "another one's event type")
	forged := message("thing.sold")
	headers := amqp.Table{"cloudEvents:id": forged.ID, "cloudEvents:type": "thing.sold", "CC": []any{"thing.sold"}}
	_ = publish(t, user, "thing.made", headers) // newer brokers refuse the second routing key, older ones take it
	delete(headers, "CC")
	require.NoError(t, publish(t, user, "thing.made", headers))

	got := newInbox()
	background(t, func(ctx context.Context) error {
		return s.Consume(ctx, queue, 1, func(ctx context.Context, batch []rabbit.Message) error {
			if batch[0].ID == forged.ID {
				require.Equal(t, "thing.made", batch[0].Type)
			}
			return got.take(ctx, batch)
		})
	})
	got.awaitAll(t, []rabbit.Message{forged})
}

// publish sends one message on a channel of its own, and returns what the broker says to it.
func publish(t *testing.T, url, key string, headers amqp.Table) error {
	t.Helper()
	ch := channel(t, url)
	require.NoError(t, ch.Confirm(false))
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	confirm, err := ch.PublishWithDeferredConfirm("shop.events", key, true, false, amqp.Publishing{Headers: headers})
	require.NoError(t, err)
	if acked, err := confirm.WaitContext(t.Context()); err != nil || acked {
		return err
	}
	return <-closed
}
