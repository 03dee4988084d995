package rabbit

import (
	"context"
	"maps"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Handler takes a batch. nil means that all of it is done; an error that the same batch is worth another try later.
type Handler func(ctx context.Context, batch []Message) error

var traceContext propagation.TraceContext

const tracerName = "marketplace/shared/rabbit"

// Traced wraps a handler in consumer spans. Each message gets a span in its own trace, below the one that published it;
// a batch of several also gets a span that is linked with all of theirs, for the work that they share.
func Traced(provider trace.TracerProvider, queue string, handle Handler) Handler {
	tracer := provider.Tracer(tracerName)
	return func(ctx context.Context, batch []Message) error {
		shared, end := startBatch(ctx, tracer, queue, batch)
		spanned := make([]Message, len(batch))
		spans := make([]trace.Span, len(batch))
		for i, m := range batch {
			spans[i] = startProcess(shared, tracer, queue, m)
			m.span = spans[i].SpanContext()
			spanned[i] = m
		}
		if len(batch) == 1 {
			shared = trace.ContextWithSpan(ctx, spans[0])
		}
		err := handle(shared, spanned)
		for _, span := range spans {
			finish(span, err)
		}
		end(err)
		return err
	}
}

// startBatch begins a trace of its own, because a span has only one parent. A batch of one needs none.
func startBatch(ctx context.Context, tracer trace.Tracer, queue string, batch []Message) (context.Context, func(error)) {
	if len(batch) == 1 {
		return ctx, func(error) {}
	}
	links := make([]trace.Link, len(batch))
	for i, m := range batch {
		links[i] = trace.LinkFromContext(m.Context(ctx))
	}
	ctx, span := tracer.Start(ctx, "process batch "+queue, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(links...), trace.WithAttributes(
			attribute.String("messaging.system", "rabbitmq"),
			attribute.String("messaging.destination.name", queue),
			attribute.Int("messaging.batch.message_count", len(batch)),
		))
	return ctx, func(err error) { finish(span, err) }
}

func startProcess(shared context.Context, tracer trace.Tracer, queue string, m Message) trace.Span {
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.system", "rabbitmq"),
			attribute.String("messaging.operation.type", "process"),
			attribute.String("messaging.destination.name", queue),
			attribute.String("messaging.message.id", m.ID),
		),
	}
	if link := trace.LinkFromContext(shared); link.SpanContext.IsValid() {
		options = append(options, trace.WithLinks(link))
	}
	_, span := tracer.Start(m.Context(context.Background()), "process "+m.Type, options...)
	return span
}

// startPublish opens a producer span below the one that recorded the event, and puts it into the message's headers.
func startPublish(ctx context.Context, tracer trace.Tracer, exchange string, m Message) (Message, trace.Span) {
	ctx, span := tracer.Start(m.Context(ctx), "publish "+m.Type,
		trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(
			attribute.String("messaging.system", "rabbitmq"),
			attribute.String("messaging.operation.type", "send"),
			attribute.String("messaging.destination.name", exchange),
			attribute.String("messaging.message.id", m.ID),
		))
	m.Headers = maps.Clone(m.Headers)
	if m.Headers == nil {
		m.Headers = make(map[string]string, len(traceHeaders))
	}
	traceContext.Inject(ctx, propagation.MapCarrier(m.Headers))
	return m, span
}

func finish(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
