package service

import (
	"maps"
	"strings"

	"github.com/google/uuid"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/payment-service/internal/sandbox/webhook"
	"marketplace/payment-service/internal/sandbox/wire"
)

// events renders the webhooks of a change, as the faults in force let them be.
func (s *Service) events(rq Request, c processor.Change) []store.Event {
	if !s.webhooks {
		return nil
	}
	now := s.env().Now
	var all []store.Event
	for _, kind := range c.Events {
		fault := s.faults.Delivery(subject(rq, c, kind))
		if fault.Drop {
			continue
		}
		e := store.Event{
			ID: NewID("evt"), Type: string(kind), IntentID: c.Intent.ID, CreatedAt: now, NextAt: now.Add(webhook.Lease),
			Copies: fault.Copies, Held: fault.Held, Later: fault.Held || fault.Delay > 0,
		}
		switch {
		case fault.Held:
			e.NextAt = now.Add(webhook.MaxHold + fault.Delay)
		case fault.Delay > 0:
			e.NextAt = now.Add(fault.Delay)
		}
		e.Payload = wire.Encode(wire.Event(e.ID, kind, now, rq.ID, rq.Key, about(kind, c)))
		all = append(all, e)
	}
	return all
}

// about is the object that an event tells about.
func about(kind processor.Event, c processor.Change) any {
	switch {
	case strings.HasPrefix(string(kind), "refund."):
		return wire.Refund(*c.Refund)
	case kind == processor.ChargeRefunded:
		return wire.Charge(c.Intent)
	case strings.HasPrefix(string(kind), "charge.dispute."):
		return wire.Dispute(c.Intent)
	}
	return wire.Intent(c.Intent, nil, "")
}

func subject(rq Request, c processor.Change, kind processor.Event) faults.Subject {
	metadata := maps.Clone(c.Intent.Metadata)
	if c.Refund != nil {
		if metadata == nil {
			metadata = map[string]string{}
		}
		maps.Copy(metadata, c.Refund.Metadata)
	}
	method := c.Intent.Method
	if method == "" && c.Intent.LastError != nil {
		method = c.Intent.LastError.Method
	}
	return faults.Subject{Event: string(kind), Metadata: metadata, PaymentMethod: method, IdempotencyKey: rq.Key}
}

// NewID makes an identifier that looks like Stripe's and sorts by time, which keeps the indexes' inserts together.
func NewID(prefix string) string {
	return prefix + "_" + strings.ReplaceAll(uuid.Must(uuid.NewV7()).String(), "-", "")
}
