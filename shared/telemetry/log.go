package telemetry

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"
)

// newLogger writes JSON lines, or coloured ones for people.
func newLogger(service string, o Options) (zerolog.Logger, *level, error) {
	out := o.Output
	if out == nil {
		out = os.Stderr
	}
	switch o.LogFormat {
	case "", "json":
	case "console":
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly}
	default:
		return zerolog.Logger{}, nil, fmt.Errorf("format must be json or console")
	}
	lvl := &level{}
	if o.LogLevel == "" {
		o.LogLevel = zerolog.LevelInfoValue
	}
	if err := lvl.set(o.LogLevel); err != nil {
		return zerolog.Logger{}, nil, err
	}
	log := zerolog.New(out).Level(zerolog.TraceLevel).Sample(lvl).Hook(traceHook{}).
		With().Timestamp().Str("service", service).Logger()
	return log, lvl, nil
}

// level is a log level that can change while loggers derived from the first one are in use everywhere. A sampler decides
// before an event is built, so a line that is off costs one atomic load.
type level struct{ least atomic.Int32 }

var _ zerolog.Sampler = (*level)(nil)

func (l *level) Sample(lvl zerolog.Level) bool { return int32(lvl) >= l.least.Load() }

func (l *level) set(name string) error {
	parsed, err := zerolog.ParseLevel(name)
	if err != nil {
		return fmt.Errorf("level must be one of trace, debug, info, warn, error")
	}
	l.least.Store(int32(parsed))
	return nil
}

// traceHook adds the trace id of the context that a line was given.
type traceHook struct{}

func (traceHook) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	if span := trace.SpanContextFromContext(e.GetCtx()); span.HasTraceID() {
		e.Str("trace_id", span.TraceID().String())
	}
}
