package domain

import "time"

// Change is an input on its way to the payment of one order.
type Change struct {
	OrderID   string
	Input     Input
	MessageID string    // of the message that brought it; empty otherwise
	Trace     string    // the trace that it belongs to, as W3C traceparent; empty without one
	Answer    bool      // it is what a claimed refund's task came to, so that the refund is due again only if Wait says so
	Until     time.Time // until then its task is nobody else's; zero when it is no task's answer
}

// Task is a payment that was claimed, so that the processor is asked about it.
type Task struct {
	Payment
	Ask   Ask
	Trace string
	Until time.Time // by this process's clock: until then nobody else takes it
}

// RefundTask is a refund that was claimed, so that the processor is asked for it.
type RefundTask struct {
	Refund
	Payment Payment // without its refunds
	Calls   int
	Age     time.Duration // since the first call
	Trace   string
	Until   time.Time // as Task's
}

// Transition is what a change made of a payment.
type Transition struct {
	Before, After Payment
	Outcome
}

// Saved is what became of a set of changes.
type Saved struct {
	Transitions []Transition
	Marked      []Task // attempts that were marked: this process has to call for each
	ChargesDue  bool   // payments wait for somebody to claim them
	RefundsDue  bool
	Bounced     []string // refunds that were done, and that a bank has sent back since: for people to look at
}

// Query asks for a page of payments, the newest first.
type Query struct {
	CustomerID string      // empty: everybody's
	OrderID    string      // empty: any
	Refunds    RefundState // payments with a refund in this state: RefundAwaiting or RefundAttention; empty: any
	Limit      int
	After      string // the id of the last payment of the page before; empty: from the newest
}

// View is a payment as people look at it.
type View struct {
	Payment
	Refunds   []RefundView // those of Payment, with what people want to know
	Ledger    []EntryView
	Version   int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// RefundView is a refund as people look at it.
type RefundView struct {
	Refund
	Reason    string // for the customer
	Note      string // for the staff
	CreatedAt time.Time
	SettledAt *time.Time
}

// ActView is an act as the staff looks at it.
type ActView struct {
	RefundID string
	Kind     ActKind
	By       string
	Note     string
	At       time.Time
}

// EntryView is a line of the ledger as people look at it.
type EntryView struct {
	Entry
	At time.Time
}
