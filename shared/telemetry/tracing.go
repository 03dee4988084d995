package telemetry

import (
	"context"
	"fmt"
	"net/url"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// startTracing sets the tracer. Without a collector spans have ids and are never recorded.
func (t *Telemetry) startTracing(ctx context.Context, o Options) error {
	sampler := sdktrace.NeverSample()
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(resource.NewSchemaless(
		attribute.String("service.name", t.Service),
		attribute.String("service.version", o.Version),
	))}
	if o.OTLPEndpoint != "" {
		base, err := url.Parse(o.OTLPEndpoint)
		if err != nil || base.Host == "" {
			return fmt.Errorf("the OTLP endpoint must be a URL such as http://127.0.0.1:4318")
		}
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base.JoinPath("v1/traces").String()))
		if err != nil {
			return err
		}
		sampler = sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.SampleRatio))
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithSampler(sampler))...)
	t.Tracer, t.shutdown = provider, provider.Shutdown

	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	log := t.Log
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn().Err(err).Msg("telemetry") }))
	return nil
}
