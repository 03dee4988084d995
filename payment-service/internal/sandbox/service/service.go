// Package service does what requests ask for: it lets the pure core decide, renders the reply and the webhooks, and has all
// of it written in one transaction.
package service

import (
	"context"
	"errors"
	"time"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/payment-service/internal/sandbox/wire"
)

// Service is safe for concurrent use.
type Service struct {
	store    *store.Store
	faults   *faults.Set
	env      func() processor.Env
	webhooks bool
}

// New makes a service. Without webhooks nobody is told of events, as with an account that has no endpoint.
func New(s *store.Store, f *faults.Set, env func() processor.Env, webhooks bool) *Service {
	return &Service{store: s, faults: f, env: env, webhooks: webhooks}
}

// Request is what all requests that change something have in common.
type Request struct {
	ID          string
	Key         string // of idempotency; empty when there is none
	Fingerprint [32]byte
	Plan        faults.Plan
	Expand      wire.Expand
	Base        string // the address at which the caller reached us
}

// Create makes a payment intent.
func (s *Service) Create(ctx context.Context, rq Request, n processor.NewIntent) (store.Reply, error) {
	if rq.Plan.ErrorBefore {
		return s.failBefore(ctx, rq)
	}
	c, refusal := processor.Create(n, s.env())
	w, err := s.outcome(rq, c, refusal, intentShape)
	if err != nil {
		return store.Reply{}, err
	}
	return rq.told(w), s.store.Create(ctx, w)
}

// Confirm tries to take an intent's money.
func (s *Service) Confirm(ctx context.Context, rq Request, id, method string, c processor.Confirmation) (store.Reply, error) {
	return s.change(ctx, rq, id, "intent", intentShape, func(in processor.Intent) (processor.Change, *processor.Error) {
		return processor.Confirm(in, method, c, s.env())
	})
}

// Authenticate ends an intent's 3-D Secure challenge.
func (s *Service) Authenticate(ctx context.Context, rq Request, id string, passed bool) (store.Reply, error) {
	return s.change(ctx, rq, id, "intent", intentShape, func(in processor.Intent) (processor.Change, *processor.Error) {
		return processor.Authenticate(in, passed, s.env())
	})
}

// Cancel ends an intent that has taken no money.
func (s *Service) Cancel(ctx context.Context, rq Request, id, reason string) (store.Reply, error) {
	return s.change(ctx, rq, id, "intent", intentShape, func(in processor.Intent) (processor.Change, *processor.Error) {
		return processor.Cancel(in, reason, s.env())
	})
}

// Refund gives back some of an intent's charge, or all that is left.
func (s *Service) Refund(ctx context.Context, rq Request, intentID string, n processor.NewRefund) (store.Reply, error) {
	shape := func(_ Request, c processor.Change) any { return wire.Refund(*c.Refund) }
	return s.change(ctx, rq, intentID, "payment_intent", shape, func(in processor.Intent) (processor.Change, *processor.Error) {
		return processor.MakeRefund(in, n, s.env())
	})
}

// Dispute moves the dispute of an intent's charge, which it begins the first time.
func (s *Service) Dispute(ctx context.Context, rq Request, intentID string, status processor.DisputeStatus) (store.Reply, error) {
	shape := func(_ Request, c processor.Change) any { return wire.Dispute(c.Intent) }
	return s.change(ctx, rq, intentID, "intent", shape, func(in processor.Intent) (processor.Change, *processor.Error) {
		return processor.Dispute(in, status, s.env())
	})
}

type (
	decide func(processor.Intent) (processor.Change, *processor.Error)
	shape  func(Request, processor.Change) any
)

func intentShape(rq Request, c processor.Change) any {
	return wire.Intent(c.Intent, rq.Expand, rq.Base)
}

// change runs decide under the intent's lock. param is the parameter that named the intent.
func (s *Service) change(ctx context.Context, rq Request, id, param string, shape shape, decide decide) (store.Reply, error) {
	if rq.Plan.ErrorBefore {
		return s.failBefore(ctx, rq)
	}
	var written store.Write
	err := s.store.Change(ctx, id, rq.key(), func(in processor.Intent) (w store.Write, err error) {
		c, refusal := decide(in)
		written, err = s.outcome(rq, c, refusal, shape)
		return written, err
	})
	if errors.Is(err, store.ErrNotFound) {
		status := 404
		if param == "payment_intent" { // named by a parameter, not by the path
			status = 400
		}
		return store.Reply{}, processor.Missing(status, param, "payment_intent", id)
	}
	return rq.told(written), err
}

// outcome renders what is written. A refusal before execution is returned as an error: it leaves nothing behind.
func (s *Service) outcome(rq Request, c processor.Change, refusal *processor.Error, shape shape) (store.Write, error) {
	w := store.Write{Key: rq.key()}
	switch {
	case refusal != nil && !refusal.Executed:
		return store.Write{}, refusal
	case refusal != nil:
		w.Reply = ErrorReply(refusal, rq.ID, rq.Base)
		return w, nil
	case c.Err != nil:
		w.Reply = ErrorReply(c.Err, rq.ID, rq.Base)
	default:
		w.Reply = store.Reply{Status: 200, Body: wire.Encode(shape(rq, c))}
	}
	w.Intent, w.Refund, w.Events = &c.Intent, c.Refund, s.events(rq, c)
	if rq.Plan.ErrorAfter && !rq.Plan.Unsaved {
		w.Reply = ErrorReply(Broken(), rq.ID, rq.Base)
	}
	return w, nil
}

// failBefore is a failure on purpose, with no effect but the reply that is kept.
func (s *Service) failBefore(ctx context.Context, rq Request) (store.Reply, error) {
	reply := ErrorReply(Broken(), rq.ID, rq.Base)
	if rq.Plan.Unsaved || rq.Key == "" {
		return reply, nil
	}
	return reply, s.store.Create(ctx, store.Write{Key: rq.key(), Reply: reply})
}

func (rq Request) key() *store.Key {
	if rq.Key == "" {
		return nil
	}
	return &store.Key{Key: rq.Key, Fingerprint: rq.Fingerprint, RequestID: rq.ID}
}

// told is what this caller hears, which a fault may make worse than what is kept.
func (rq Request) told(w store.Write) store.Reply {
	if rq.Plan.ErrorAfter {
		return ErrorReply(Broken(), rq.ID, rq.Base)
	}
	return w.Reply
}

// Broken is a failure of the processor itself.
func Broken() *processor.Error {
	return &processor.Error{Status: 500, Type: processor.TypeAPI, Message: "An unexpected error occurred in the processor."}
}

// ErrorReply renders a refusal.
func ErrorReply(e *processor.Error, requestID, base string) store.Reply {
	return store.Reply{Status: e.Status, Body: wire.Encode(wire.Error(e, requestID, base))}
}

// NewEnv gives the core the real time and identifiers that sort by it.
func NewEnv(settle time.Duration) func() processor.Env {
	return func() processor.Env { return processor.Env{Now: time.Now(), NewID: NewID, Settle: settle} }
}
