package upstream

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what operators see of the services from here.
type Metrics struct {
	seconds   *prometheus.HistogramVec
	repeats   *prometheus.CounterVec
	opened    *prometheus.CounterVec
	instances *prometheus.GaugeVec
}

// NewMetrics registers the metrics of all pools.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "gateway_upstream_seconds",
			Help:    "Time until an instance's reply began, by service and status (error: none came).",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"service", "status"}),
		repeats: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_repeats_total", Help: "Requests that were sent to a second instance.",
		}, []string{"service"}),
		opened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_breaker_opened_total", Help: "Times that an instance's circuit breaker opened.",
		}, []string{"service"}),
		instances: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gateway_instances", Help: "Instances that requests are sent to.",
		}, []string{"service"}),
	}
	registry.MustRegister(m.seconds, m.repeats, m.opened, m.instances)
	return m
}

func (m *Metrics) observe(service string, started time.Time, reply *http.Response, err error) {
	status := "error"
	if err == nil {
		status = strconv.Itoa(reply.StatusCode)
	}
	m.seconds.WithLabelValues(service, status).Observe(time.Since(started).Seconds())
}
