package service

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"marketplace/payment-service/internal/domain"
)

// Metrics counts what happens to money, for people who run the shop.
type Metrics struct {
	states        *prometheus.CounterVec
	moved         *prometheus.CounterVec
	calls         *prometheus.HistogramVec
	refundsFailed prometheus.Counter
	attention     prometheus.Gauge
	awaiting      prometheus.Gauge
	unresolved    prometheus.Counter
	inexact       prometheus.Counter
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		states: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payment_states_total", Help: "Payments that came into a state.",
		}, []string{"state"}),
		moved: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payment_moved_minor_total", Help: "Money charged and refunded, in the currency's minor unit.",
		}, []string{"kind", "currency"}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "payment_processor_seconds", Help: "How long the card processor takes to answer.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 13),
		}, []string{"operation", "answer"}),
		refundsFailed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payment_refunds_failed_total", Help: "Refunds that the processor or a bank refused, and that no other one replaces: alert on any.",
		}),
		attention: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "payment_refunds_attention", Help: "Refunds that a person has to settle.",
		}),
		awaiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "payment_refunds_awaiting", Help: "Refunds that await a second person.",
		}),
		inexact: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payment_amounts_inexact_total", Help: "Answers of the processor with an amount that is none in our units: alert on any.",
		}),
		unresolved: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payment_unresolved_total", Help: "Payments without a certain answer after 30 days of asking: alert on any.",
		}),
	}
	registry.MustRegister(m.attention, m.awaiting, m.states, m.moved, m.calls, m.refundsFailed, m.unresolved, m.inexact)
	return m
}

func (m *Metrics) called(operation string, err error, took time.Duration) {
	answer := "certain"
	if err != nil {
		answer = "none"
	}
	m.calls.WithLabelValues(operation, answer).Observe(took.Seconds())
}

func (m *Metrics) observe(transitions []domain.Transition) {
	for _, t := range transitions {
		if t.After.State != t.Before.State {
			m.states.WithLabelValues(string(t.After.State)).Inc()
		}
		for _, e := range t.Entries {
			moved := e.Amount.Amount
			if moved < 0 {
				moved = -moved
			}
			m.moved.WithLabelValues(string(e.Kind), e.Amount.Currency).Add(float64(moved))
		}
	}
}
