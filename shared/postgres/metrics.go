package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// poolMetrics reads the pool's own counters when Prometheus asks.
type poolMetrics struct {
	pool                              *pgxpool.Pool
	inUse, idle, limit, waits, waited *prometheus.Desc
}

func newPoolMetrics(pool *pgxpool.Pool) *poolMetrics {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &poolMetrics{
		pool:   pool,
		inUse:  desc("postgres_pool_connections_in_use", "Connections that are lent out."),
		idle:   desc("postgres_pool_connections_idle", "Connections that wait for work."),
		limit:  desc("postgres_pool_connections_limit", "The most connections that the pool opens."),
		waits:  desc("postgres_pool_waits_total", "Times that a caller had to wait for a connection."),
		waited: desc("postgres_pool_wait_seconds_total", "How long callers waited for a connection, in all."),
	}
}

// Describe implements prometheus.Collector.
func (m *poolMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.inUse, m.idle, m.limit, m.waits, m.waited} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *poolMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.pool.Stat()
	out <- prometheus.MustNewConstMetric(m.inUse, prometheus.GaugeValue, float64(s.AcquiredConns()))
	out <- prometheus.MustNewConstMetric(m.idle, prometheus.GaugeValue, float64(s.IdleConns()))
	out <- prometheus.MustNewConstMetric(m.limit, prometheus.GaugeValue, float64(s.MaxConns()))
	out <- prometheus.MustNewConstMetric(m.waits, prometheus.CounterValue, float64(s.EmptyAcquireCount()))
	out <- prometheus.MustNewConstMetric(m.waited, prometheus.CounterValue, s.EmptyAcquireWaitTime().Seconds())
}
