package domain

import (
	"errors"
	"time"
)

// Limits bound what a customer can hold without paying, and how often cards can be tried in vain. They are no part of the
// machine: they are asked once, when an order is placed, and never touch one that exists. What counts as a decline is said at
// Order.Declined.
type Limits struct {
	OpenOrders         int           // orders of one customer that are neither confirmed nor cancelled
	OpenUnits          int64         // units in all of them
	Declines           int           // of one customer within Window
	Window             time.Duration // how long a decline counts against its customer
	DeclinesPerAddress int           // of all customers at one address within AddressWindow
	AddressWindow      time.Duration // how long a decline counts against its address
}

// DeclinesCount is how long a decline counts at all.
func (l Limits) DeclinesCount() time.Duration { return max(l.Window, l.AddressWindow) }

// What Admit refuses, as the Reason of a LimitError.
var (
	// ErrTooManyUnits means an order that could not be placed even if nothing else was open.
	ErrTooManyUnits  = errors.New("the order has more units than a customer may hold without paying")
	ErrOpenOrders    = errors.New("the customer has too many open orders")
	ErrOpenUnits     = errors.New("the customer has too many units in open orders")
	ErrDeclines      = errors.New("too many orders of the customer ended in a decline")
	ErrDeclinesThere = errors.New("too many orders ended in a decline at this address")
)

// LimitError refuses one more order.
type LimitError struct {
	Reason error
	Limit  int64         // the one that is reached
	Wait   time.Duration // when asking again makes sense; zero with ErrTooManyUnits
}

func (e LimitError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason.
func (e LimitError) Unwrap() error { return e.Reason }

// Shopper is who places an order, as limits know them.
type Shopper struct {
	CustomerID string
	Network    string // the client's address, or the network that one household has; empty when it is not known
	Limits     Limits
}

// Standing is what counts against one more order of a shopper.
type Standing struct {
	Orders int       // that are open
	Units  int64     // in them
	Ends   time.Time // the first of their deadlines

	// When the last decline but Limits.Declines-1 was, of the customer, and likewise at the address. While it counts, the
	// limit is reached. Zero when there were fewer.
	Declined, DeclinedThere time.Time
}

// An open order is confirmed, cancelled or given up at any moment, mostly within seconds.
const (
	shortestWait = time.Second
	longestWait  = time.Minute
)

// Admit says whether a shopper who stands like this may place an order of so many units, or returns a LimitError.
func (l Limits) Admit(s Standing, units int64, now time.Time) error {
	declined, declinedThere := remaining(s.Declined, l.Window, now), remaining(s.DeclinedThere, l.AddressWindow, now)
	open := min(max(s.Ends.Sub(now), shortestWait), longestWait)
	switch {
	case units > l.OpenUnits:
		return LimitError{Reason: ErrTooManyUnits, Limit: l.OpenUnits}
	case declined > 0:
		return LimitError{Reason: ErrDeclines, Limit: int64(l.Declines), Wait: declined}
	case declinedThere > 0:
		return LimitError{Reason: ErrDeclinesThere, Limit: int64(l.DeclinesPerAddress), Wait: declinedThere}
	case s.Orders >= l.OpenOrders:
		return LimitError{Reason: ErrOpenOrders, Limit: int64(l.OpenOrders), Wait: open}
	case s.Units+units > l.OpenUnits:
		return LimitError{Reason: ErrOpenUnits, Limit: l.OpenUnits, Wait: open}
	}
	return nil
}

// AdmitBehind says whether one more order may wait while so many of the same shopper are being placed at this moment. More than
// may be open would be refused anyway, and must not wait for that.
func (l Limits) AdmitBehind(placing int) error {
	if placing >= l.OpenOrders {
		return LimitError{Reason: ErrOpenOrders, Limit: int64(l.OpenOrders), Wait: shortestWait}
	}
	return nil
}

// remaining is for how long a decline still counts that counts for a window.
func remaining(at time.Time, window time.Duration, now time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return max(at.Add(window).Sub(now), 0)
}

// Units are how many pieces the order has in all.
func (o Order) Units() (n int64) {
	for _, line := range o.Lines {
		n += line.Quantity
	}
	return n
}

// notTheShoppers are codes of payments that failed without the shopper's part in it: trouble of the processor or the bank
// (https://docs.stripe.com/declines/codes), and what we should not have asked for, or never could.
var notTheShoppers = map[string]bool{
	"processing_error": true, "issuer_not_available": true, "try_again_later": true, "reenter_transaction": true,
	"invalid_request_error": true, "amount_too_small": true, "amount_too_large": true, "amount_step": true,
	"currency_unsupported": true, "deadline_too_far": true, "canceled": true,
}

// Declined says whether the order ended without being paid for a reason that lies with its customer: the card was declined or
// not authenticated (3-D Secure) in time, or the customer cancelled the order before it was paid. This is a decline, as limits
// count them. An unpaid cancellation is one because the card may have been tried, and stock was held, as with any other.
//
// A code that is not known is the card's: the processor adds codes when it likes.
func (o Order) Declined() bool {
	if o.Status != Cancelled {
		return false
	}
	switch o.CancelReason.Code {
	case PaymentDeclined:
		return !notTheShoppers[o.CancelReason.Decline]
	case CancelledByCustomer:
		return o.PaymentStatus == PaymentStatusVoided
	}
	return false
}
