package domain

import "time"

// Ask is what the processor is asked about a payment.
type Ask string

const (
	AskNothing Ask = ""

	// AskCharge: ask for the money, under the payment's key.
	AskCharge Ask = "charge"

	// AskFence: take the payment's key with a request that charges nothing, so that no request under way can charge any
	// more; if the key is taken, find out what became of the request that took it.
	AskFence Ask = "fence"

	// AskLook: read the intent.
	AskLook Ask = "look"

	// AskFind: look for an intent whose identifier was lost, by listing and searching. Finding none proves nothing.
	AskFind Ask = "find"

	// AskVoid: cancel the intent.
	AskVoid Ask = "void"

	// AskBooks: read every refund of the intent, whoever made it, and its dispute.
	AskBooks Ask = "books"
)

// Asking is how far the processor was asked about a payment. Its durations are by the database's clock, at the moment at
// which the payment was locked.
type Asking struct {
	Calls   int           // since the payment came into its state, or since something happened that makes it urgent again
	Open    bool          // a task was given out, and its answer has not come
	Again   bool          // something happened that an answer under way may not know of yet
	Books   bool          // money is said to have moved after the capture, which is not known yet: the books are read after it
	Cursor  string        // how far AskFind has come in the processor's list; empty: it begins
	Marked  time.Duration // since the attempt was marked
	Entered time.Duration // since the payment came into its state
}

// findToo is the call from which on an intent is also looked for when there is no certain answer. Repeating is the surer way
// and one request; but a processor keeps an error under the key for as long as it remembers it.
const findToo = 4

// FindToo says whether the intent is looked for if the processor gives no certain answer.
func (a Asking) FindToo() bool { return a.Calls >= findToo }

// Next says when a payment is due again. The zero value leaves that as it was.
type Next struct {
	Changed bool
	Never   bool
	Wait    time.Duration
}

func dueIn(wait time.Duration) Next { return Next{Changed: true, Wait: wait} }

func never() Next { return Next{Changed: true, Never: true} }

// lookUpTime is how long a payment without a certain answer is asked about: a processor's dispute or its support finds
// what happened by then.
const lookUpTime = 30 * 24 * time.Hour

// plan says when the payment is due again, after the input made before into p. A task that was given out is left alone
// until its answer comes: its lease is the repository's. Whatever happens meanwhile is noted in Again, and makes the
// payment due as soon as the answer is there, which may be older.
func (r Rules) plan(before, p Payment, in Input, out Outcome) (Payment, Next) {
	a := &p.Asking
	entered := p.State != before.State
	if entered {
		a.Calls, a.Entered, a.Cursor = 0, 0, ""
	}
	switch in := in.(type) {
	case Due:
		return given(p, out.Ask)
	case Fact:
		if before.State != Captured {
			a.Open = false
			return r.answered(p, entered, true)
		}
	case NoCertainAnswer:
		if before.State == Captured {
			return booksUnread(p)
		}
		a.Open, a.Cursor = false, in.Cursor
		return r.answered(p, entered, false)
	case Books:
		if in.Refused == nil {
			a.Open = false
			return booksRead(p, out)
		}
	}
	switch {
	case out.Again:
		a.Again = true
		if a.Open {
			return p, Next{}
		}
		a.Calls = 0
		return p, dueIn(0)
	case entered:
		return p, r.wait(p)
	}
	return p, Next{}
}

// booksUnread is after an answer that says nothing certain about a captured payment. When a task is open, that is the one that reads
// the books, or may be: they are read again later. Otherwise the answer belongs to an earlier call, and there is nothing left to learn
// from it.
func booksUnread(p Payment) (Payment, Next) {
	if !p.Asking.Open {
		return p, Next{}
	}
	p.Asking.Open = false
	return later(p)
}

// booksRead is after the books were read. They are read again at once when something was announced during the reading, because what
// was read may be older. They are read again later when they show a refund that cannot be booked yet.
func booksRead(p Payment, out Outcome) (Payment, Next) {
	switch {
	case p.State != Captured:
		return p, Next{}
	case p.Asking.Again:
		p.Asking.Calls = 0
		return p, dueIn(0)
	case out.Again:
		return later(p)
	}
	return p, never()
}

// later asks for the books of a captured payment again, ever more seldom.
func later(p Payment) (Payment, Next) {
	p.Asking.Again = true
	return p, dueIn(doubling(max(p.Asking.Calls, 1), time.Second, time.Hour))
}

// given notes a task that somebody takes now.
func given(p Payment, ask Ask) (Payment, Next) {
	if ask == AskNothing {
		p.Asking.Open, p.Asking.Again = false, false
		return p, never()
	}
	p.Asking.Calls++
	p.Asking.Open, p.Asking.Again = true, false
	return p, Next{}
}

// answered is after a task about the intent. A payment that has ended is looked at again only if something was announced since, or if
// money is said to have moved while the task ran that says that there is none. One that is captured now has its books read at once if
// money is said to have moved already: by this answer, or by a hint that came before it.
func (r Rules) answered(p Payment, entered, certain bool) (Payment, Next) {
	a := &p.Asking
	switch p.State {
	case None, Processing:
		return p, Next{}
	case Captured:
		a.Again, a.Books = a.Books, false
		if !a.Again {
			return p, never()
		}
	case Failed, Voided:
		contradicted := a.Again && a.Books
		if entered && !contradicted || certain && !a.Again {
			a.Again = false
			return p, never()
		}
		if !certain && !a.Again {
			a.Again = true // it is still not known what was announced
			return p, dueIn(doubling(a.Calls, time.Second, seldom(a.Marked)))
		}
	}
	if a.Again {
		a.Calls = 0
		return p, dueIn(0)
	}
	return p, r.wait(p)
}
