package service

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"marketplace/warehouse-service/internal/domain"
)

// Metrics counts what happens to stock, for people who run the shop.
type Metrics struct {
	messages  *prometheus.CounterVec
	shortages prometheus.Counter
	overdue   prometheus.Gauge
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "warehouse_messages_total", Help: "What the warehouse told the other services.",
		}, []string{"type"}),
		shortages: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "warehouse_shortages_total", Help: "Order lines of which there was not enough.",
		}),
		overdue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "warehouse_overdue_reservations", Help: "Orders that hold stock past their deadline without a decision.",
		}),
	}
	registry.MustRegister(m.messages, m.shortages, m.overdue)
	return m
}

func (m *Metrics) observe(messages []domain.Message) {
	for _, message := range messages {
		m.messages.WithLabelValues(message.Type()).Inc()
		if rejected, ok := message.(domain.StockRejected); ok {
			m.shortages.Add(float64(len(rejected.Shortages)))
		}
	}
}

const overdueEvery = 30 * time.Second

// Overdue counts orders past their deadline.
type Overdue interface {
	Overdue(ctx context.Context) (int64, error)
}

// WatchOverdue keeps that number shown until ctx ends. Nothing is released because of it: only the order decides.
func (m *Metrics) WatchOverdue(ctx context.Context, orders Overdue, log zerolog.Logger) error {
	ticker := time.NewTicker(overdueEvery)
	defer ticker.Stop()
	for {
		n, err := orders.Overdue(ctx)
		if err == nil {
			m.overdue.Set(float64(n))
		} else if ctx.Err() == nil {
			log.Warn().Err(err).Msg("overdue reservations not counted; trying again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
