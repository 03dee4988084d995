package journeys

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/infrastructure/e2e/collector"
)

// One order is one trace: the shopper's request, the call to the catalogue, and every step of the saga in three services,
// although between them lie outboxes and a broker.
func TestTrace_OneOrderIsOneTrace(t *testing.T) {
	t.Parallel()
	spans := collector.Start(t)
	s := openShop(t, cluster.Options{OTLPEndpoint: spans.URL})
	placed := s.shopper.Place(t, client.OrderOf(s.product, 1, visa))
	require.Equal(t, "confirmed", s.shopper.Settled(t, placed.ID).Status)

	var timeline struct {
		Items []struct {
			Type    string `json:"type"`
			TraceID string `json:"trace_id"`
		} `json:"items"`
	}
	s.shopper.Get(t, "/api/v1/orders/"+placed.ID+"/events", &timeline)
	trace := timeline.Items[0].TraceID
	require.NotEmpty(t, trace)
	for _, event := range timeline.Items {
		require.Equal(t, trace, event.TraceID, "%s belongs to another trace", event.Type)
	}

	want := []string{"gateway", "order-service", "payment-service", "product-service", "warehouse-service"}
	require.Eventually(t, func() bool {
		return slices.Equal(want, services(spans.Trace(trace)))
	}, 20*time.Second, 100*time.Millisecond, "spans of %v in trace %s, got %v", want, trace, spans.Trace(trace))
	require.Eventually(t, func() bool { return whole(spans.Trace(trace)) }, 20*time.Second, 100*time.Millisecond,
		"the trace is one tree: %v", spans.Trace(trace))
}

func services(trace []collector.Span) []string {
	names := map[string]bool{}
	for _, span := range trace {
		if span.Service != "sandbox" { // the processor may or may not trace
			names[span.Service] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// whole says whether every span but one has its parent in the trace.
func whole(trace []collector.Span) bool {
	ids, roots := map[string]bool{}, 0
	for _, span := range trace {
		ids[span.SpanID] = true
	}
	for _, span := range trace {
		if !ids[span.ParentID] {
			roots++
		}
	}
	return roots == 1
}
