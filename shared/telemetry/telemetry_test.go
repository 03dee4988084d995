package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"marketplace/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLog_CarriesTheTraceIDAndChangesItsLevel(t *testing.T) {
	var out bytes.Buffer
	tel, err := telemetry.Setup(t.Context(), "shop-service", telemetry.Options{Output: &out})
	require.NoError(t, err)
	ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "work")
	id := span.SpanContext().TraceID().String()

	derived := tel.Log.With().Str("part", "consumer").Logger()
	derived.Info().Ctx(ctx).Msg("hello")
	require.Contains(t, out.String(), `"trace_id":"`+id+`"`)
	require.Contains(t, out.String(), `"service":"shop-service"`)
	require.False(t, span.IsRecording(), "nothing collects: ids only")

	out.Reset()
	derived.Debug().Msg("off")
	require.Empty(t, out.String())
	require.NoError(t, tel.SetLevel("debug"))
	derived.Debug().Msg("on")
	require.Contains(t, out.String(), "on")
	require.Error(t, tel.SetLevel("loud"))
}

func TestTracing_SendsSpansToTheCollector(t *testing.T) {
	got := make(chan []byte, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			body, _ := io.ReadAll(r.Body)
			got <- body
		}
		w.WriteHeader(http.StatusOK)
	}))
	defer collector.Close()
	tel, err := telemetry.Setup(t.Context(), "shop-service",
		telemetry.Options{Output: io.Discard, OTLPEndpoint: collector.URL, SampleRatio: 1})
	require.NoError(t, err)
	_, span := tel.Tracer.Tracer("test").Start(t.Context(), "place an order")
	span.End()
	require.NoError(t, tel.Shutdown(t.Context()))
	require.Contains(t, string(<-got), "place an order")
}

func TestShutdown_P47_ACollectorThatHangsNeitherFailsNorHoldsUpTheStop(t *testing.T) {
	hang := make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer collector.Close()
	defer close(hang)
	tel, err := telemetry.Setup(t.Context(), "shop-service",
		telemetry.Options{Output: io.Discard, OTLPEndpoint: collector.URL, SampleRatio: 1})
	require.NoError(t, err)
	_, span := tel.Tracer.Tracer("test").Start(t.Context(), "place an order")
	span.End()
	began := time.Now()
	require.NoError(t, tel.Shutdown(t.Context()))
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestTracing_PropagatesFromOutside(t *testing.T) {
	tel := telemetry.Nop()
	header := propagation.MapCarrier{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
	ctx := otel.GetTextMapPropagator().Extract(context.Background(), header)
	_, span := tel.Tracer.Tracer("test").Start(ctx, "work")
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", span.SpanContext().TraceID().String())

	out := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(trace.ContextWithSpan(t.Context(), span), out)
	require.Contains(t, out["traceparent"], "4bf92f3577b34da6a3ce929d0e0e4736")
}

func TestSetup_RefusesAnEndpointThatIsNoURL(t *testing.T) {
	_, err := telemetry.Setup(t.Context(), "x", telemetry.Options{OTLPEndpoint: "localhost", Output: io.Discard})
	require.Error(t, err)
}

func TestRegistry_HasTheRuntime(t *testing.T) {
	n, err := testutil.GatherAndCount(telemetry.Nop().Registry, "go_goroutines", "process_open_fds", "service_info")
	require.NoError(t, err)
	require.Equal(t, 3, n)
}
