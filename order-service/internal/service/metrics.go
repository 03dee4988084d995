package service

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"marketplace/order-service/internal/domain"
)

// Metrics counts what happens to orders, for people who run the shop.
type Metrics struct {
	events    *prometheus.CounterVec
	revenue   *prometheus.CounterVec
	cancelled *prometheus.CounterVec
	confirmed prometheus.Histogram
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "order_events_total", Help: "What happened to orders.",
		}, []string{"type"}),
		revenue: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "order_revenue_minor_total", Help: "Totals of confirmed orders, in the currency's minor unit.",
		}, []string{"currency"}),
		cancelled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "order_cancelled_total", Help: "Cancelled orders by reason.",
		}, []string{"reason"}),
		confirmed: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "order_confirmation_seconds", Help: "From placing an order to its confirmation.",
			Buckets: prometheus.ExponentialBuckets(0.025, 2, 14),
		}),
	}
	registry.MustRegister(m.events, m.revenue, m.cancelled, m.confirmed)
	return m
}

func (m *Metrics) observe(outcomes ...domain.Outcome) {
	for _, o := range outcomes {
		for _, e := range o.Events {
			m.events.WithLabelValues(e.Type()).Inc()
			switch e := e.(type) {
			case domain.OrderConfirmed:
				m.revenue.WithLabelValues(o.Order.Total.Currency).Add(float64(o.Order.Total.Amount))
				m.confirmed.Observe(time.Since(o.Order.PlacedAt).Seconds())
			case domain.OrderCancelled:
				m.cancelled.WithLabelValues(string(e.Reason.Code)).Inc()
			}
		}
	}
}
