package rabbit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/telemetry"
)

// declareEvery is how soon a binding or queue that vanished is back.
const declareEvery = 30 * time.Second

var (
	// ErrAway means that there is no connection to the broker at the moment.
	ErrAway = errors.New("rabbit: no connection to the broker")
	// ErrBlocked means that the broker is short of memory or disk and takes nothing from publishers.
	ErrBlocked = errors.New("rabbit: the broker takes no messages at the moment")

	// errCredentials is the broker's refusal of who signs in, or of the virtual host that it asks for.
	errCredentials = errors.New("rabbit: not allowed to sign in")

	errURL = errors.New("rabbit: RABBITMQ_URL is no AMQP URL")
)

// Session is a process's link with the broker.
type Session struct {
	url, name string
	topology  Topology
	log       zerolog.Logger
	tracer    trace.Tracer
	metrics   *metrics

	renewAfter time.Duration

	declared  atomic.Bool   // the topology was declared once
	redeclare chan struct{} // asks for another declaration now
	turn      chan struct{} // held by the window that is being published

	mu        sync.Mutex
	publisher *publisher    // nil while there is no connection
	changed   chan struct{} // closed when publisher changes
}

// NewSession returns a session that does nothing until Run; name is shown by the broker beside its connections.
func NewSession(url, name string, t Topology, tel *telemetry.Telemetry) *Session {
	return &Session{
		url: url, name: name, topology: t,
		log:     tel.Log.With().Str("part", "rabbit").Logger(),
		tracer:  tel.Tracer.Tracer(tracerName),
		metrics: newMetrics(tel.Registry),

		renewAfter: renewAfter,
		redeclare:  make(chan struct{}, 1),
		turn:       make(chan struct{}, 1),
		changed:    make(chan struct{}),
	}
}

// Run keeps the publishing connection and the topology until ctx ends. It returns an error only when the topology
// contradicts what the broker has, at the first declaration.
func (s *Session) Run(ctx context.Context) error {
	return s.forever(ctx, "publish", func(ctx context.Context, c *connection, up func()) error {
		p, err := newPublisher(c)
		if err != nil {
			return err
		}
		up()
		s.set(p)
		defer s.set(nil)
		return s.keep(ctx, c, p.closed)
	})
}

// keep declares the topology every now and then until the connection ends.
func (s *Session) keep(ctx context.Context, c *connection, closed <-chan *amqp.Error) error {
	ticker := time.NewTicker(declareEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-closed:
			return fmt.Errorf("connection lost: %w", lost(err))
		case <-ticker.C:
		case <-s.redeclare:
		}
		if c.blocked.Load() {
			continue // it would not be read
		}
		if err := c.declare(s.topology); err != nil {
			return err
		}
	}
}

// forever connects, declares the topology and uses the connection, again and again until ctx ends. use calls up when
// everything stands. What is wrong is said once, until it works or something else is wrong.
func (s *Session) forever(ctx context.Context, use string, run func(ctx context.Context, c *connection, up func()) error) error {
	if _, err := amqp.ParseURI(s.url); err != nil {
		return errURL // the cause would print it, with its password
	}
	connected := s.metrics.connected.WithLabelValues(use)
	said := ""
	for wait := new(backoff); ; {
		err := s.once(ctx, use, func(ctx context.Context, c *connection) error {
			defer connected.Set(0)
			return run(ctx, c, sync.OnceFunc(func() {
				connected.Set(1)
				wait.reset()
				said = ""
				s.log.Info().Str("use", use).Msg("connected to RabbitMQ")
			}))
		})
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, ErrMismatch) && !s.declared.Load() {
			return fmt.Errorf("rabbit: %w", err)
		}
		level, trouble := zerolog.DebugLevel, troubleOf(err)
		if trouble != said {
			level, said = zerolog.WarnLevel, trouble
		}
		s.log.WithLevel(level).Err(err).Str("use", use).Msg(trouble + "; trying again until it works")
		if !wait.wait(ctx, nil) {
			return nil
		}
	}
}

// troubleOf says why there is no connection, for who can mend it.
func troubleOf(err error) string {
	if errors.Is(err, errCredentials) {
		return "RabbitMQ refuses the user, the password or the virtual host of RABBITMQ_URL: set the right one, " +
			"or unset it beside `make run`, whose own is read from .local/env"
	}
	if _, answered := errors.AsType[*amqp.Error](err); answered {
		return "RabbitMQ has ended the connection"
	}
	return "no connection to RabbitMQ: start it with `make run`, or set RABBITMQ_URL"
}

func (s *Session) once(ctx context.Context, use string, run func(ctx context.Context, c *connection) error) error {
	c, err := dial(ctx, s.url, s.name+" "+use)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.declare(s.topology); err != nil {
		return err
	}
	s.declared.Store(true)
	return run(ctx, c)
}

// Healthy says whether messages can be published at the moment.
func (s *Session) Healthy() error {
	p, _ := s.current()
	switch {
	case p == nil:
		return ErrAway
	case p.connection.blocked.Load():
		return ErrBlocked
	}
	return nil
}

func (s *Session) set(p *publisher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publisher = p
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Session) current() (p *publisher, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publisher, s.changed
}

// lost gives a connection that ended without the broker's reason one.
func lost(err *amqp.Error) error {
	if err == nil {
		return ErrAway
	}
	return err
}
