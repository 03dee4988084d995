package service

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
	"marketplace/shared/idempotency"
)

// Answer makes the reply to a command.
type Answer = idempotency.Answer[domain.Payment]

type decide = func(domain.Payment, domain.Input) (domain.Payment, domain.Outcome, error)

// Store keeps payments, and is the queue of what the processor has to be asked.
type Store interface {
	Update(ctx context.Context, changes []domain.Change, d decide, attempts int) (domain.Saved, error)
	Command(ctx context.Context, act domain.Act, d decide, answer Answer) (domain.Saved, idempotency.Reply, error)
	Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error)
	Claim(ctx context.Context, limit int, d decide) ([]domain.Task, error)
	ClaimRefunds(ctx context.Context, limit int) ([]domain.RefundTask, error)
	Heed(ctx context.Context, hints []domain.Hint, d decide) (domain.Saved, error)
	Waiting(ctx context.Context) (attention, awaiting int, err error)
}

// Processor is the card processor. An error means that there is no certain answer.
type Processor interface {
	Charge(ctx context.Context, p domain.Payment) (domain.Fact, error)
	Fence(ctx context.Context, p domain.Payment) (domain.Fact, error)
	Look(ctx context.Context, p domain.Payment) (domain.Fact, error)
	Find(ctx context.Context, p domain.Payment) (domain.Input, error)
	Void(ctx context.Context, p domain.Payment) (domain.Fact, error)
	Challenge(ctx context.Context, p domain.Payment) (config.Secret, error)
	Refund(ctx context.Context, p domain.Payment, f domain.Refund) (domain.Input, error)
	Books(ctx context.Context, p domain.Payment) (domain.Books, error)
	PaymentOf(ctx context.Context, intentID string) (paymentID string, err error)
	LookRefund(ctx context.Context, f domain.Refund) (domain.Input, error)
	FindRefund(ctx context.Context, p domain.Payment, f domain.Refund) (answer domain.Input, found bool, err error)
}

// Options are what New needs; all are required.
type Options struct {
	Store     Store
	Processor Processor
	Metrics   *Metrics
	Log       zerolog.Logger
	Tracer    trace.Tracer

	Calls int // to the processor at once

	// Settings, read at each use.
	Rules   func() domain.Rules
	Limits  func() domain.Limits // of members of the staff who are limited; Today is of a whole day
	Timeout func() time.Duration // of a task: all its calls together
}

// Payments charges, refunds and listens.
type Payments struct {
	Options
	charges *queue[domain.Task]
	refunds *queue[domain.RefundTask]
	answers *group[domain.Change]
	hints   *group[domain.Hint]
	readers chan struct{} // one element for each call for somebody who waits
}

// share is how much fewer calls refunds, and readers, may take than charges.
const share = 4

const (
	answersSet = 50
	hintsSet   = 100
)

// New returns the service. RunAnswers, RunCharges and RunRefunds have to run, in this order of dependence, and RunHints.
func New(o Options) *Payments {
	s := &Payments{Options: o}
	s.charges = newQueue("charges", o.Log, o.Calls, s.claimCharges, s.charge)
	s.refunds = newQueue("refunds", o.Log, max(o.Calls/share, 1), o.Store.ClaimRefunds, s.refund)
	s.readers = make(chan struct{}, max(o.Calls/share, 1))
	s.answers = newGroup(answersSet, s.saveAnswers)
	s.hints = newGroup(hintsSet, s.saveHints)
	return s
}

// RunCharges asks the processor about payments that are due, until ctx ends and every call has ended.
func (s *Payments) RunCharges(ctx context.Context) error { return s.charges.run(ctx) }

// RunRefunds does the same for refunds.
func (s *Payments) RunRefunds(ctx context.Context) error { return s.refunds.run(ctx) }

// RunAnswers saves what the processor says. It must outlive the calls.
func (s *Payments) RunAnswers(ctx context.Context) error { return s.answers.run(ctx) }

// RunHints saves the webhooks that come in.
func (s *Payments) RunHints(ctx context.Context) error { return s.hints.run(ctx) }

// Apply takes what other services say about any orders, as one set. One change that is refused refuses the set. For as
// many of the payments to be charged as there are calls free the attempt is marked in the same transaction, and called at once.
func (s *Payments) Apply(ctx context.Context, changes []domain.Change) error {
	slots := s.charges.reserve(len(changes))
	saved, err := s.Store.Update(ctx, changes, s.Rules().Decide, slots)
	s.charges.release(slots - len(saved.Marked))
	s.follow(saved)
	return err
}

// follow starts what a saved set of changes makes due.
func (s *Payments) follow(saved domain.Saved) {
	s.Metrics.observe(saved.Transitions)
	for _, t := range saved.Transitions {
		s.alert(t)
		s.alertPayment(t)
	}
	s.charges.start(saved.Marked)
	if saved.ChargesDue {
		s.charges.wakeUp()
	}
	if saved.RefundsDue {
		s.refunds.wakeUp()
	}
}
