package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"
)

// Version is set by the linker in images: -X marketplace/shared/telemetry.Version=...
var Version = "development"

// Telemetry is what the parts of a process report through.
type Telemetry struct {
	Service  string
	Log      zerolog.Logger
	Registry *prometheus.Registry
	Tracer   trace.TracerProvider

	level    *level
	shutdown func(ctx context.Context) error
}

// Options are the choices of Setup.
type Options struct {
	LogLevel     string    // of zerolog; info when empty
	LogFormat    string    // json or console; json when empty
	Output       io.Writer // standard error when nil
	OTLPEndpoint string    // base URL of a collector, as http://127.0.0.1:4318; nothing is sent when empty
	SampleRatio  float64   // of traces that begin here; those that come from outside follow their parent
	Version      string    // Version of the package when empty
	SettingsFile string    // where settings that nothing else gives come from: said once; "" when there is no such file
}

// Setup makes a process's telemetry and sets OpenTelemetry's global propagator and tracer, for libraries that know no other.
func Setup(ctx context.Context, service string, o Options) (*Telemetry, error) {
	o.Version = cmp.Or(o.Version, Version)
	t := &Telemetry{Service: service, Registry: newRegistry(service, o.Version)}
	var err error
	if t.Log, t.level, err = newLogger(service, o); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if o.SettingsFile != "" {
		t.Log.Info().Str("file", o.SettingsFile).Msg("settings that are given nowhere else come from the checkout's file")
	}
	if err := t.startTracing(ctx, o); err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	return t, nil
}

// Nop is telemetry that nobody sees, for tests and commands.
func Nop() *Telemetry {
	t, err := Setup(context.Background(), "nop", Options{Output: io.Discard, LogLevel: "disabled"})
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return t
}

// SetLevel changes the log level of the running process.
func (t *Telemetry) SetLevel(name string) error { return t.level.set(name) }

// lastSpans is what the end of a process spends on the spans that it still holds.
const lastSpans = 2 * time.Second

// Shutdown sends the spans that are still held. What a collector does not take now is lost: a stop neither lasts nor fails
// because of it.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lastSpans)
	defer cancel()
	if err := t.shutdown(ctx); err != nil {
		t.Log.Warn().Err(err).Msg("the last spans were not sent")
	}
	return nil
}

// newRegistry holds the Go runtime, the process, and which build this is.
func newRegistry(service, version string) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "service_info",
		Help:        "Always 1; the labels say which build runs.",
		ConstLabels: prometheus.Labels{"service": service, "version": version},
	})
	build.Set(1)
	registry.MustRegister(
		build,
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			collectors.MetricsGC, collectors.MetricsMemory, collectors.MetricsScheduler,
		)),
	)
	return registry
}
