package domain

import (
	"cmp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/automaton"
	"marketplace/shared/money"
)

// The refunds of one payment of 2 or 3 units, explored exhaustively on the real functions. Support gives 1 back alone, twice, or
// everything with a second person, and an administrator everything alone; returns of 1 come in (two are possible); the order is
// cancelled or shipped; money is given back at the processor's own console; the charge is disputed. Each refund of ours has its
// own call; replies get lost, for ever too; a bank may refuse any refund that support or the cancellation asked for; people
// settle what needs attention.
//
// Where money moves elsewhere, the model begins before the result of the charge is known. The processor's books are read only when
// the payment's plan says that it is due: after the webhook of what moved, or after a look at the intent that shows it.

const deliveries = 2

// The causes that occur, by number. A cancellation is asked for up to three times; more rows need attention at once.
var causes = [...]string{
	"support:k", "support:more", "support:all", "return:a", "return:b",
	CauseCancelled("o", 1), CauseCancelled("o", 2), CauseCancelled("o", 3), CauseCancelled("o", 4),
	CauseCancelled("o", 5), CauseCancelled("o", 6), CauseCancelled("o", 7), CauseCancelled("o", 8), CauseExternal("x"), CauseExternal("y"),
}

const (
	bySupport = iota
	supportMore
	supportAll
	returnA
	returnB
	cancelFirst
	elsewhereX = 13
)

// row is a refund: how much, where it stands, and what the processor paid out for it.
type row struct{ amount, state, out int8 }

const (
	absent int8 = iota
	awaiting
	rejected
	pending
	done
	outside // done, as a person said: by a bank transfer
	refused
	abandonedByHand
	withdrawnByHand
	stuck
	stuckByDispute
	aboveTheCapture // made at the console, and unbooked
)

var (
	dropped  = &Failure{Code: codeAbandoned}
	disputed = &Failure{Code: codeDisputed}
	drawn    = &Failure{Code: codeWithdrawn}
	unpaid   = &Failure{Code: "refused"}
)

// forms are the model's states of a row as a payment has them.
var forms = map[int8]Refund{
	awaiting: {State: RefundAwaiting, AskedBy: "ann"}, rejected: {State: RefundRejected, AskedBy: "ann"},
	pending: {State: RefundPending}, done: {State: RefundDone}, outside: {State: RefundDone},
	refused: {State: RefundFailed, Failure: unpaid}, abandonedByHand: {State: RefundFailed, Failure: dropped},
	withdrawnByHand: {State: RefundFailed, Failure: drawn},
	stuck:           {State: RefundAttention}, stuckByDispute: {State: RefundAttention, Failure: disputed},
	aboveTheCapture: {State: RefundAttention, Failure: &moreThanCaptured},
}

// refunds is a state of the model.
type refunds struct {
	capture   int8
	order     string
	cancelled bool     // the payment saw order.cancelled
	dispatch  Dispatch // as the payment knows it
	rows      [len(causes)]row
	bank      DisputeState // at the processor
	known     DisputeState // as the payment knows it
	net       [4]int8      // deliveries left: order.cancelled, shipment.dispatched, return a, return b
	used      uint16       // commands that were given
	both      bool         // goods were sent after a decision gave all the money back
	alone     bool         // before goods had left, one person took what had gone back above half
	keeps     int8         // what people decided to keep of the cancelled order

	called bool // the charge has run, and its result is not known here
	reply  bool // the answer to it is on its way, and says nothing of what happened after it
	hint   bool // a webhook of money that moved is on its way
	books  bool // Asking.Books
	again  bool // Asking.Again
	due    bool // the captured payment is due, now or later
}

// decide is the function under exploration: the real one, or one with a mistake.
type decide func(Payment, Input) (Payment, Outcome, error)

// scope says what of the world is in a model. The product of everything is too large, so there is one model for what people
// decide about goods and money, one for parts of it, two for orders from before shipments were heard of, one for money that moves
// elsewhere, one for what people settle, and one for disputes.
type scope struct {
	capture  int8
	order    string   // "confirmed" unless it is said
	dispatch Dispatch // as the payment knows it at first
	commands []string
	silence  bool // a refund never gets an answer
	console  int  // refunds at the processor's console
	dispute  bool
	byHand   bool // people say that the customer has got the money: outside, or at the console, whether or not it is so
	states   int  // a change of the rules changes this number, and that is worth a look
}

var before = []string{"support 1", "admin all", "confirm", "reject", "cancel", "ship", "return a"}

var scopes = map[string]scope{
	"goods and money": {capture: 2, commands: []string{"support 1", "support all", "confirm", "reject", "cancel", "ship", "return a", "return b"}, states: 4_758},
	"parts before goods have left": {capture: 3, commands: []string{
		"support 1", "support 1 more", "admin all", "confirm more", "confirm", "reject", "cancel", "ship",
	}, states: 30_692},
	"from before, and goods have left":     {capture: 2, order: "shipped", dispatch: DispatchUnknown, commands: before, states: 352},
	"from before, and goods have not left": {capture: 2, dispatch: DispatchUnknown, commands: before, states: 5_032},
	"money elsewhere":                      {capture: 2, commands: []string{"support 1", "cancel", "ship"}, silence: true, console: 2, states: 25_729},
	"settlements":                          {capture: 2, commands: []string{"support 1", "cancel"}, silence: true, console: 1, byHand: true, states: 99_260},
	"disputes":                             {capture: 2, commands: []string{"support 1", "cancel"}, console: 1, dispute: true, states: 56_894},
}

func explore(d decide, of scope) automaton.Report {
	return automaton.Explore(automaton.Model[refunds]{
		Start: refunds{capture: of.capture, order: cmp.Or(of.order, "confirmed"), dispatch: of.dispatch, called: of.console > 0, reply: of.console > 0},
		Steps: func(s refunds, yield func(automaton.Step[refunds])) {
			s.charge(d, yield)
			s.hear(d, yield)
			s.deliver(d, yield)
			s.call(d, of, yield)
			s.read(d, yield)
			s.settle(d, of, yield)
			s.command(d, of, yield)
			s.elsewhere(of, yield)
		},
		Wrong: refunds.wrong, Good: refunds.good,
	}, 200_000)
}

func TestRefunds_P29_P61_EveryStateEndsWell(t *testing.T) {
	t.Parallel()
	for name, of := range scopes {
		t.Run(name, func(t *testing.T) {
			r := explore(Decide, of)
			require.True(t, r.OK(), "%v, stuck after %v", r.Violations, r.Stuck)
			require.Equal(t, of.states, r.States)
		})
	}
}

// after runs the real function on the payment, for each input, and takes the payment back. A refused command changes nothing.
func (s refunds) after(d decide, inputs ...Input) refunds {
	p, due := s.payment(), s.due
	for _, in := range inputs {
		next, out, err := d(p, in)
		if err != nil {
			return s
		}
		if p = next; out.Next.Changed {
			due = !out.Next.Never
		}
		if _, clock := in.(Due); clock && out.Ask != AskBooks {
			break // nobody reads what is not asked for
		}
	}
	return s.with(p, due)
}

// payment is the state as a payment.
func (s refunds) payment() Payment {
	p := Payment{
		OrderID: "o", CustomerID: "customer", State: Captured, Captured: usd(int64(s.capture)), Unwanted: s.cancelled, Dispatch: s.dispatch,
		Dispute: Dispute{State: s.known}, IntentID: "pi", Asking: Asking{Again: s.again, Books: s.books},
	}
	if s.called {
		p.State, p.Captured = Called, money.Money{}
	}
	for i, r := range s.rows {
		if r.state == absent {
			continue
		}
		f := forms[r.state]
		f.ID, f.Cause, f.Amount = strconv.Itoa(i), causes[i], usd(int64(r.amount))
		if r.state == done {
			f.ProviderID = provider(i)
		}
		p.Refunds = append(p.Refunds, f)
	}
	return p
}

// with is the state with what became of the payment.
func (s refunds) with(p Payment, due bool) refunds {
	s.cancelled, s.dispatch, s.known = p.Unwanted, p.Dispatch, p.Dispute.State
	s.called, s.books = p.State == Called, p.Asking.Books
	s.again, s.due = !s.called && p.Asking.Again, !s.called && due
	for _, r := range p.Refunds {
		for i, cause := range causes {
			if cause == r.Cause {
				s.rows[i].amount, s.rows[i].state = int8(r.Amount.Amount), form(r, i)
			}
		}
	}
	return s
}

func form(r Refund, i int) int8 {
	switch r.State {
	case RefundAwaiting:
		return awaiting
	case RefundRejected:
		return rejected
	case RefundPending:
		return pending
	case RefundDone:
		return map[string]int8{"": outside, provider(i): done}[r.ProviderID]
	case RefundFailed:
		switch r.Failure.Code {
		case codeAbandoned:
			return abandonedByHand
		case codeWithdrawn:
			return withdrawnByHand
		}
		return refused
	}
	switch {
	case r.Failure != nil && r.Failure.Code == codeDisputed:
		return stuckByDispute
	case r.aboveCapture():
		return aboveTheCapture
	}
	return stuck
}

// provider is the processor's identifier of a refund that was paid out.
func provider(i int) string {
	if i >= elsewhereX {
		return causes[i][len("external:"):]
	}
	return "re_" + strconv.Itoa(i)
}

// decided is what support has given back, or is about to.
func (s refunds) decided() (sum int8) {
	for _, r := range s.rows[:returnA] {
		if r.state == pending || r.state == done || r.state == stuck {
			sum += r.amount
		}
	}
	return sum
}

// out is what the processor has given back.
func (s refunds) out() (sum int8) {
	for _, r := range s.rows {
		sum += r.out
	}
	return sum
}

// transferred is what people have paid back outside the processor.
func (s refunds) transferred() (sum int8) {
	for _, r := range s.rows {
		if r.state == outside {
			sum += r.amount
		}
	}
	return sum
}

// live is what refunds have taken of the capture, or may still take.
func (s refunds) live() (sum int8) {
	for _, r := range s.rows {
		switch r.state {
		case pending, done, outside, stuck, stuckByDispute:
			sum += r.amount
		}
	}
	return sum
}

func (s refunds) wrong() string {
	for _, r := range s.rows {
		if r.state == done && r.out == 0 {
			return "booked, and never given back"
		}
	}
	switch {
	case s.live() > s.capture:
		return "refunds, pending or done, above the capture"
	case s.out() > s.capture:
		return "money out above the capture"
	case s.both:
		return "goods sent and money back"
	case s.alone:
		return "one person gave back more than half before goods had left"
	case s.unbooked() && s.out()+s.transferred() <= s.capture:
		return "a refund at the console is not booked though there is room for it"
	case s.askedAgain():
		return "asked again for what a person keeps of a cancelled order"
	}
	return ""
}

// askedAgain: the cancellation asks for more than what people do not keep. Money that was given back at the console may be either.
func (s refunds) askedAgain() bool {
	own := s
	for i, r := range s.rows {
		if i >= elsewhereX && r.state != absent {
			return false
		}
		if i < cancelFirst {
			own.rows[i] = row{}
		}
	}
	return own.live()+s.keeps > s.capture
}

// good: nothing is on its way or due, every movement at the processor is booked or known to be above the capture, and what a
// cancelled order has not got back waits for a person or was kept by one.
func (s refunds) good() bool {
	var waits int8
	for i, r := range s.rows {
		if r.state == pending || r.out > 0 && r.state != done && !r.unbooked(i) {
			return false
		}
		if r.state == stuck || r.state == stuckByDispute {
			waits += r.amount
		}
	}
	back := s.out() + s.transferred() + waits
	if s.order == "cancelled" && (back > s.capture && !s.unbooked() || back+s.keeps < s.capture) {
		return false
	}
	return s.net == [4]int8{} && s.bank == s.known && !s.called && !s.hint && !s.due
}

// unbooked says whether the i-th row is a refund at the console that was found to be above the capture.
func (r row) unbooked(i int) bool {
	return i >= elsewhereX && r.out > 0 && (r.state == aboveTheCapture || r.state == abandonedByHand)
}

func (s refunds) unbooked() bool {
	for i, r := range s.rows {
		if r.unbooked(i) {
			return true
		}
	}
	return false
}
