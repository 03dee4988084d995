// Package telemetry sets up what a process says about itself: a zerolog logger, a Prometheus registry and an
// OpenTelemetry tracer.
//
// A log line that is given its request's context, as in log.Warn().Ctx(ctx).Msg("..."), carries the trace id. Every
// request has one, also when nothing collects traces: it is what a problem reply, a log line and an order's timeline
// have in common. Trace context travels in W3C headers (traceparent, tracestate) over HTTP, gRPC and RabbitMQ.
//
// Spans are sent in the background by OTLP over HTTP; a collector that is away costs nothing but the spans.
package telemetry
