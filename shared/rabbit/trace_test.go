package rabbit_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

func TestTraced_EachMessageOfABatchContinuesItsOwnTrace(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	tel := telemetry.Nop()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	tel.Tracer = provider
	s := start(t, testkit.VHost(t), tel)

	sent := messages(3, "thing.made")
	want := map[string]trace.TraceID{}
	for i := range sent {
		ctx, span := provider.Tracer("test").Start(t.Context(), "POST /things")
		carrier := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(ctx, carrier)
		sent[i].Headers = carrier
		want[sent[i].ID] = span.SpanContext().TraceID()
		span.End()
	}
	requireAll(t, s.Publish(t.Context(), sent))

	var mu sync.Mutex
	got := map[string]trace.TraceID{}
	handle := rabbit.Traced(provider, queue, func(ctx context.Context, batch []rabbit.Message) error {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range batch {
			got[m.ID] = trace.SpanContextFromContext(m.Context(ctx)).TraceID()
		}
		return nil
	})
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, handle) })
	testkit.Eventually(t, time.Minute, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) == len(want)
	})
	require.Equal(t, want, got)
	testkit.Eventually(t, time.Minute, func() bool { return processed(spans) == len(want) })
	for _, span := range spans.Ended() {
		if span.SpanKind() == trace.SpanKindConsumer && span.Name() == "process thing.made" {
			require.True(t, span.Parent().IsRemote())
			require.True(t, isProducer(spans, span.Parent().SpanID()), "the publishing span is the parent")
		}
	}
}

func processed(spans *tracetest.SpanRecorder) int {
	n := 0
	for _, span := range spans.Ended() {
		if span.Name() == "process thing.made" {
			n++
		}
	}
	return n
}

func isProducer(spans *tracetest.SpanRecorder, id trace.SpanID) bool {
	for _, span := range spans.Ended() {
		if span.SpanContext().SpanID() == id {
			return span.SpanKind() == trace.SpanKindProducer
		}
	}
	return false
}
