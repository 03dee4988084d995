package rabbit

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	connected *prometheus.GaugeVec
	published *prometheus.CounterVec
	consumed  *prometheus.CounterVec
	batch     *prometheus.HistogramVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rabbit_connected", Help: "1 while the connection for this use stands.",
		}, []string{"use"}),
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rabbit_published_total", Help: "Messages sent to the broker, by what became of them.",
		}, []string{"outcome"}),
		consumed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rabbit_consumed_total", Help: "Messages handled and acknowledged.",
		}, []string{"queue"}),
		batch: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rabbit_batch_messages", Help: "Messages that were handled together.",
			Buckets: []float64{1, 2, 5, 10, 20},
		}, []string{"queue"}),
	}
	registry.MustRegister(m.connected, m.published, m.consumed, m.batch)
	return m
}
