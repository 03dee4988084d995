package rabbit

import (
	"context"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Message is one event on its way.
type Message struct {
	ID      string // a UUID; what makes a redelivery recognizable
	Type    string // also the routing key
	Source  string // the service that says so
	Subject string // the aggregate's id
	Time    time.Time
	Headers map[string]string // W3C trace context: traceparent, tracestate
	Body    []byte

	// Redelivered says that somebody had this message before and did not acknowledge it, perhaps because it crashed.
	Redelivered bool

	span trace.SpanContext
}

// Context returns ctx as seen by this message: what is done under it continues the message's own trace, also when it is
// handled in a batch with others.
func (m Message) Context(ctx context.Context) context.Context {
	if m.span.IsValid() {
		return trace.ContextWithSpanContext(ctx, m.span)
	}
	return traceContext.Extract(ctx, propagation.MapCarrier(m.Headers))
}

// The CloudEvents attributes as AMQP headers
// (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/amqp-protocol-binding.md).
const (
	headerSpec    = "cloudEvents:specversion"
	headerID      = "cloudEvents:id"
	headerType    = "cloudEvents:type"
	headerSource  = "cloudEvents:source"
	headerSubject = "cloudEvents:subject"
	headerTime    = "cloudEvents:time"
)

// traceHeaders are the headers that travel besides the CloudEvents ones.
var traceHeaders = []string{"traceparent", "tracestate"}

func publishing(m Message) amqp.Publishing {
	headers := amqp.Table{
		headerSpec:    "1.0",
		headerID:      m.ID,
		headerType:    m.Type,
		headerSource:  m.Source,
		headerSubject: m.Subject,
		headerTime:    m.Time.UTC().Format(time.RFC3339Nano),
	}
	for _, name := range traceHeaders {
		if value := m.Headers[name]; value != "" {
			headers[name] = value
		}
	}
	return amqp.Publishing{
		Headers:      headers,
		ContentType:  "application/protobuf",
		DeliveryMode: amqp.Persistent,
		MessageId:    m.ID,
		Type:         m.Type,
		AppId:        m.Source,
		Timestamp:    m.Time,
		Body:         m.Body,
	}
}

// received reads a delivery. Nothing in it is trusted: what is missing stays empty, for the inbox to park. The type is the
// routing key, whatever the header says: it is what the broker lets each service use for its own events only (promise 46).
func received(d amqp.Delivery) Message {
	text := func(name, fallback string) string {
		if value, ok := d.Headers[name].(string); ok && value != "" {
			return value
		}
		return fallback
	}
	m := Message{
		ID:          text(headerID, d.MessageId),
		Type:        d.RoutingKey,
		Source:      text(headerSource, d.AppId),
		Subject:     text(headerSubject, ""),
		Time:        d.Timestamp,
		Headers:     make(map[string]string, len(traceHeaders)),
		Body:        d.Body,
		Redelivered: d.Redelivered,
	}
	if exact, err := time.Parse(time.RFC3339Nano, text(headerTime, "")); err == nil {
		m.Time = exact
	}
	for _, name := range traceHeaders {
		if value := text(name, ""); value != "" {
			m.Headers[name] = value
		}
	}
	return m
}
