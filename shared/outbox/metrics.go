package outbox

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	unsent, oldest prometheus.Gauge
	swept, dropped prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		unsent: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "outbox_unsent", Help: "Events that are not sent yet, counted up to 10000.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "outbox_oldest_seconds", Help: "Age of the oldest event that is not sent.",
		}),
		swept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "outbox_swept_total", Help: "Events that the sweep found and tried to send.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "outbox_dropped_total", Help: "Events left to the sweep because the queue in memory was full.",
		}),
	}
	registry.MustRegister(m.unsent, m.oldest, m.swept, m.dropped)
	return m
}
