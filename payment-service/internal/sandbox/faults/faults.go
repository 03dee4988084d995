// Package faults makes the processor misbehave on demand, so that its callers' promises can be tested.
//
// A Rule says which requests it is about, what goes wrong and how often. Rules live in memory: a restart forgets them. They
// come in at POST /sandbox/faults, for example
//
//	{"match": {"metadata": {"payment_id": "..."}}, "effect": "charge_then_drop", "count": 1}
//
// Effects on a request: drop_before (the connection is cut, nothing happened), charge_then_drop (everything happened, then
// the connection is cut), delay_before and delay_after (delay_ms), error_before and error_after (a 500, kept under the
// idempotency key as Stripe keeps it; with "unsaved" it is forgotten, like one from a proxy in front).
//
// Effects on webhooks: webhook_duplicate, webhook_delay (delay_ms), webhook_reorder (held until a later event about the
// same intent was delivered) and webhook_drop. Their match may name an event type, and sees the intent's metadata.
package faults

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Effects.
const (
	DropBefore       = "drop_before"
	ChargeThenDrop   = "charge_then_drop"
	DelayBefore      = "delay_before"
	DelayAfter       = "delay_after"
	ErrorBefore      = "error_before"
	ErrorAfter       = "error_after"
	WebhookDuplicate = "webhook_duplicate"
	WebhookDelay     = "webhook_delay"
	WebhookReorder   = "webhook_reorder"
	WebhookDrop      = "webhook_drop"
)

var effects = []string{
	DropBefore, ChargeThenDrop, DelayBefore, DelayAfter, ErrorBefore, ErrorAfter,
	WebhookDuplicate, WebhookDelay, WebhookReorder, WebhookDrop,
}

const (
	maxRules = 1000
	maxDelay = 10 * time.Minute
)

// Rule is one way to misbehave.
type Rule struct {
	ID      int    `json:"id"`
	Match   Match  `json:"match"`
	Effect  string `json:"effect"`
	Count   int    `json:"count"` // how many times are left; -1 for ever. A new rule without it counts one
	DelayMS int    `json:"delay_ms,omitempty"`
	Unsaved bool   `json:"unsaved,omitempty"`
	Hits    int    `json:"hits"`
}

// Match selects requests, or events for the effects on webhooks. Its zero fields match everything.
type Match struct {
	Method         string            `json:"method,omitempty"`
	Path           string            `json:"path,omitempty"` // a pattern, as in /v1/payment_intents/*/cancel
	Metadata       map[string]string `json:"metadata,omitempty"`
	PaymentMethod  string            `json:"payment_method,omitempty"`
	IdempotencyKey string            `json:"idempotency_key,omitempty"`
	Event          string            `json:"event,omitempty"` // an event type, for the effects on webhooks
}

// Subject is what rules look at: a request, or an event with the request that caused it.
type Subject struct {
	Method         string
	Path           string
	Metadata       map[string]string
	PaymentMethod  string
	IdempotencyKey string
	Event          string // empty for a request
}

// Plan is what goes wrong with one request.
type Plan struct {
	DropBefore, DropAfter   bool
	ErrorBefore, ErrorAfter bool
	Unsaved                 bool
	DelayBefore, DelayAfter time.Duration
}

// Delivery is what goes wrong with one webhook.
type Delivery struct {
	Copies int
	Delay  time.Duration
	Held   bool
	Drop   bool
}

// Set is the rules in force. It is safe for concurrent use; the zero value has none.
type Set struct {
	mu    sync.Mutex
	rules []*Rule
	last  int
}

// Add puts a rule in force and returns it with its number.
func (s *Set) Add(r Rule) (Rule, error) {
	if !slices.Contains(effects, r.Effect) {
		return Rule{}, fmt.Errorf("effect must be one of %s", strings.Join(effects, ", "))
	}
	if _, err := path.Match(r.Match.Path, ""); err != nil {
		return Rule{}, fmt.Errorf("match.path is not a pattern")
	}
	if r.DelayMS < 0 || r.delay() > maxDelay {
		return Rule{}, fmt.Errorf("delay_ms must be between 0 and %d", maxDelay.Milliseconds())
	}
	if r.Match.Event != "" && !strings.HasPrefix(r.Effect, "webhook_") {
		return Rule{}, fmt.Errorf("match.event is for the effects on webhooks")
	}
	if r.Count == 0 {
		r.Count = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) >= maxRules {
		return Rule{}, fmt.Errorf("there are %d rules already: DELETE /sandbox/faults first", maxRules)
	}
	s.last++
	r.ID, r.Hits = s.last, 0
	s.rules = append(s.rules, &r)
	return r, nil
}

// Rules lists the rules, also those that are used up: their hits tell a test what happened.
func (s *Set) Rules() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Rule, 0, len(s.rules))
	for _, r := range s.rules {
		all = append(all, *r)
	}
	return all
}

// Clear removes all rules.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Plan says what goes wrong with a request and counts it.
func (s *Set) Plan(about Subject) Plan {
	var p Plan
	for r := range s.hits(about) {
		switch r.Effect {
		case DropBefore:
			p.DropBefore = true
		case ChargeThenDrop:
			p.DropAfter = true
		case DelayBefore:
			p.DelayBefore += r.delay()
		case DelayAfter:
			p.DelayAfter += r.delay()
		case ErrorBefore:
			p.ErrorBefore, p.Unsaved = true, r.Unsaved
		case ErrorAfter:
			p.ErrorAfter, p.Unsaved = true, r.Unsaved
		}
	}
	return p
}

// Delivery says what goes wrong with a webhook and counts it.
func (s *Set) Delivery(about Subject) Delivery {
	d := Delivery{Copies: 1}
	for r := range s.hits(about) {
		switch r.Effect {
		case WebhookDuplicate:
			d.Copies++
		case WebhookDelay:
			d.Delay += r.delay()
		case WebhookReorder:
			d.Held = true
		case WebhookDrop:
			d.Drop = true
		}
	}
	return d
}

// hits yields the rules about a subject, each one time less to go.
func (s *Set) hits(about Subject) func(yield func(Rule) bool) {
	return func(yield func(Rule) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.rules {
			if r.Count == 0 || strings.HasPrefix(r.Effect, "webhook_") != (about.Event != "") || !r.Match.covers(about) {
				continue
			}
			if r.Count > 0 {
				r.Count--
			}
			r.Hits++
			if !yield(*r) {
				return
			}
		}
	}
}

func (m Match) covers(about Subject) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	if !same(m.Method, about.Method) || !same(m.PaymentMethod, about.PaymentMethod) ||
		!same(m.IdempotencyKey, about.IdempotencyKey) || !same(m.Event, about.Event) {
		return false
	}
	if m.Path != "" {
		if ok, _ := path.Match(m.Path, about.Path); !ok {
			return false
		}
	}
	for name, want := range m.Metadata {
		if got, ok := about.Metadata[name]; !ok || got != want {
			return false
		}
	}
	return true
}

func (r Rule) delay() time.Duration { return time.Duration(r.DelayMS) * time.Millisecond }
