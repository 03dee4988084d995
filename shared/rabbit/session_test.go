package rabbit_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

func TestSession_CarriesAMessageWhole(t *testing.T) {
	t.Parallel()
	s := start(t, testkit.VHost(t), telemetry.Nop())
	sent := message("thing.made")
	requireAll(t, s.Publish(t.Context(), []rabbit.Message{sent}))

	got := newInbox()
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, got.take) })
	got.awaitAll(t, []rabbit.Message{sent})
	require.Equal(t, sent.Type, got.last.Type)
	require.Equal(t, sent.Source, got.last.Source)
	require.Equal(t, sent.Subject, got.last.Subject)
	require.Equal(t, sent.Body, got.last.Body)
	require.True(t, sent.Time.Equal(got.last.Time))
	require.False(t, got.last.Redelivered)
	require.NoError(t, s.Healthy())
}

func TestSession_P9_PublishedBeforeItsSubscriberEverStarted(t *testing.T) {
	t.Parallel()
	url := testkit.VHost(t) // empty: no exchange, no queue
	publisher := start(t, url, telemetry.Nop())
	sent := messages(250, "thing.sold")
	requireAll(t, publisher.Publish(t.Context(), sent))

	subscriber := start(t, url, telemetry.Nop())
	for _, name := range []string{queue, "other.events.v1"} {
		got := newInbox()
		background(t, func(ctx context.Context) error { return subscriber.Consume(ctx, name, 20, got.take) })
		got.awaitAll(t, sent)
	}
}

func TestSession_P9_AReturnedMessageIsNotSentAndTheBindingComesBack(t *testing.T) {
	t.Parallel()
	url := testkit.VHost(t)
	s := start(t, url, telemetry.Nop())
	requireAll(t, s.Publish(t.Context(), messages(1, "thing.made")))
	require.NoError(t, channel(t, url).QueueUnbind(queue, "thing.made", "shop.events", nil))

	mixed := []rabbit.Message{message("thing.made"), message("thing.sold")}
	results := s.Publish(t.Context(), mixed)
	require.Error(t, results[0], "confirmed by the broker, and returned: not sent")
	require.NoError(t, results[1])

	testkit.Eventually(t, time.Minute, func() error {
		return s.Publish(t.Context(), mixed[:1])[0]
	}, "a return asks for the topology to be declared again")
}

func TestSession_P17_OtherQueueArgumentsFailTheStartWithTheQueuesName(t *testing.T) {
	t.Parallel()
	url := testkit.VHost(t)
	_, err := channel(t, url).QueueDeclare(queue, true, false, false, false, nil) // a classic queue of an older build
	require.NoError(t, err)

	s := rabbit.NewSession(url, "test", topology(), telemetry.Nop())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = s.Run(ctx)
	require.ErrorIs(t, err, rabbit.ErrMismatch)
	require.ErrorContains(t, err, queue)
}

func TestConsume_TakesWhatIsThereAndNeverWaitsForMore(t *testing.T) {
	t.Parallel()
	s := start(t, testkit.VHost(t), telemetry.Nop())
	sent := messages(100, "thing.made")
	requireAll(t, s.Publish(t.Context(), sent))

	got := newInbox()
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, got.take) })
	got.awaitAll(t, sent)
	got.mu.Lock()
	largest := 0
	for _, n := range got.batches {
		largest = max(largest, n)
	}
	got.mu.Unlock()
	require.Greater(t, largest, 1, "a backlog comes in batches")
	require.LessOrEqual(t, largest, 20)

	single := messages(1, "thing.made")
	requireAll(t, s.Publish(t.Context(), single))
	got.awaitAll(t, single)
}

func TestConsume_P15_NothingIsAckedWhileTheHandlerFails(t *testing.T) {
	t.Parallel()
	s := start(t, testkit.VHost(t), telemetry.Nop())
	sent := messages(30, "thing.made")
	requireAll(t, s.Publish(t.Context(), sent))

	tried := make(chan int, 100)
	stop := background(t, func(ctx context.Context) error {
		return s.Consume(ctx, queue, 20, func(_ context.Context, batch []rabbit.Message) error {
			tried <- len(batch)
			return errors.New("the database is away")
		})
	})
	for range 3 {
		<-tried
	}
	stop()

	got := newInbox()
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, got.take) })
	got.awaitAll(t, sent)
	require.True(t, got.redelivered, "somebody had them before")
}

func TestConsume_FinishesWhatRunsWhenItIsToldToStop(t *testing.T) {
	t.Parallel()
	s := start(t, testkit.VHost(t), telemetry.Nop())
	requireAll(t, s.Publish(t.Context(), messages(1, "thing.made")))

	running, finish := make(chan struct{}), make(chan struct{})
	handled := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Consume(ctx, queue, 20, func(ctx context.Context, _ []rabbit.Message) error {
			close(running)
			<-finish
			handled <- ctx.Err()
			return nil
		})
	}()
	<-running
	cancel()
	select {
	case err := <-ended:
		t.Fatalf("left a running batch alone: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(finish)
	require.NoError(t, <-handled, "the batch's context outlives the order to stop")
	require.NoError(t, <-ended)
}

func TestConsume_ComesBackAfterItsQueueWasDeleted(t *testing.T) {
	t.Parallel()
	url := testkit.VHost(t)
	s := start(t, url, telemetry.Nop())
	s.RenewAfter(300 * time.Millisecond) // the broker does not say so when the queue is back at once
	got := newInbox()
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, got.take) })
	first := messages(1, "thing.made")
	requireAll(t, s.Publish(t.Context(), first))
	got.awaitAll(t, first)

	_, err := channel(t, url).QueueDelete(queue, false, false, false)
	require.NoError(t, err)
	second := messages(1, "thing.made")
	testkit.Eventually(t, time.Minute, func() error { return s.Publish(t.Context(), second)[0] })
	got.awaitAll(t, second)
}

func TestSession_ABadAddressFailsTheStartWithoutItsPassword(t *testing.T) {
	t.Parallel()
	s := rabbit.NewSession("amqp://user:hunter2@host:port/%zz", "test", topology(), telemetry.Nop())
	err := s.Run(t.Context())
	require.ErrorContains(t, err, "RABBITMQ_URL")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestSession_SaysOnceWhatIsWrongAndKeepsTrying(t *testing.T) {
	t.Parallel()
	refused, err := url.Parse(testkit.VHost(t))
	require.NoError(t, err)
	refused.User = url.UserPassword(refused.User.Username(), "hunter2")
	for address, said := range map[string]string{
		refused.String():                    "refuses the user, the password or the virtual host of RABBITMQ_URL",
		"amqp://guest:hunter2@127.0.0.1:1/": "no connection to RabbitMQ: start it with `make run`",
	} {
		var log testkit.Log
		tel, err := telemetry.Setup(t.Context(), "test", telemetry.Options{LogLevel: "debug", Output: &log})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- rabbit.NewSession(address, "test", topology(), tel).Run(ctx) }()
		testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), `"level":"debug"`) })
		cancel()
		require.NoError(t, <-done)
		require.Equal(t, 1, strings.Count(log.String(), `"level":"warn"`), log.String())
		require.Contains(t, log.String(), said)
		require.NotContains(t, log.String(), "hunter2")
	}
}
