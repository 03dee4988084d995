package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/proto/events"
	"marketplace/shared/testkit"
)

const intents = "/v1/payment_intents"

// misbehaves lets the processor go wrong with the charge of an order.
func (s *shop) misbehaves(orderID string, rule faults.Rule) {
	s.t.Helper()
	rule.Match = faults.Match{Method: http.MethodPost, Path: intents, Metadata: map[string]string{"order_id": orderID}}
	s.sandbox.Fault(rule)
}

// deaf keeps what the processor announces about an order from us, so that only asking helps.
func (s *shop) deaf(orderID string) {
	s.t.Helper()
	s.sandbox.Fault(faults.Rule{
		Match: faults.Match{Metadata: map[string]string{"order_id": orderID}}, Effect: faults.WebhookDrop, Count: -1,
	})
}

func TestCharge_P23_NoCertainAnswerIsUnknownUntilItIsReconciled(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, rule := range map[string]faults.Rule{
		"charged, and the connection cut":      {Effect: faults.ChargeThenDrop, Count: 2},
		"the connection cut before":            {Effect: faults.DropBefore, Count: 2},
		"charged, and an answer too late":      {Effect: faults.DelayAfter, DelayMS: 1500},
		"a 500 from a proxy, nothing happened": {Effect: faults.ErrorBefore, Unsaved: true, Count: 2},
		"charged, and a 500 that is kept":      {Effect: faults.ErrorAfter}, // under the key for ever: only looking helps
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			o := newOrder(uuid.NewString(), "pm_card_visa")
			s.deaf(o.id)
			s.misbehaves(o.id, rule)
			s.peers.say(reserved(t, o))
			s.becomes(o.id, "unknown")
			s.becomes(o.id, "captured")
			s.peers.hears(o.id, events.PaymentCaptured)
			require.Equal(t, 1, s.charges(o.id))
			require.Equal(t, 1, s.sandbox.Count(`select count(*) from intents where order_id = $1`, o.id))
		})
	}
}

func TestCharge_P23_ADeclineWhoseAnswerWasLostFailsThePayment(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := newOrder(uuid.NewString(), "pm_card_chargeDeclinedInsufficientFunds")
	s.deaf(o.id)
	s.misbehaves(o.id, faults.Rule{Effect: faults.ChargeThenDrop})
	s.peers.say(reserved(t, o))
	s.becomes(o.id, "unknown")
	d := s.becomes(o.id, "failed")
	require.Equal(t, "insufficient_funds", d.Failure.Code)
	s.peers.hears(o.id, events.PaymentFailed)
	require.Equal(t, 1, s.sandbox.Count(`select count(*) from intents where order_id = $1 and status = 'canceled'`, o.id),
		"somebody might hold its secret by now")
}

func TestCharge_AnIssuerMayTakeItsTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	paid, refused := s.place("pm_sandbox_processing"), s.place("pm_sandbox_processingDeclined")
	s.becomes(paid.id, "captured")
	require.Equal(t, "generic_decline", s.becomes(refused.id, "failed").Failure.Code)
	s.peers.hears(paid.id, events.PaymentCaptured)
	s.peers.hears(refused.id, events.PaymentFailed)
}

func TestCharge_P24_AfterTheKeysLifeTheChargeIsLookedForNotRepeated(t *testing.T) {
	t.Parallel()
	// The processor remembers longer than we rely on, as Stripe does: a call that was begun in time may arrive late.
	s := newShop(t, func(c *sandbox.Config) { c.KeyRetention = 5 * time.Second })
	s.config.KeyLife = 1500 * time.Millisecond
	s.run()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.deaf(o.id)
	s.misbehaves(o.id, faults.Rule{Effect: faults.ChargeThenDrop, Count: -1}) // no answer to a charge ever comes back
	s.peers.say(reserved(t, o))
	s.becomes(o.id, "captured")
	require.Equal(t, 1, s.charges(o.id), "a second call after the key was forgotten would have charged again")
	require.Equal(t, 1, s.sandbox.Count(`select count(*) from intents where order_id = $1`, o.id))
}

func TestCharge_P27_AnOrderCancelledWhileTheChargeHangsGetsExactlyOneRefund(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.StripeTimeout = 3 * time.Second
	s.run()
	// Each hangs for seconds, so that the cancellation is there before the charge is known.
	for name, rule := range map[string]faults.Rule{
		"and is answered":             {Effect: faults.DelayBefore, DelayMS: 2000},
		"and is charged, unanswered":  {Effect: faults.DelayAfter, DelayMS: 4500},
		"and is cut after the charge": {Effect: faults.ChargeThenDrop, Count: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			o := newOrder(uuid.NewString(), "pm_card_visa")
			s.deaf(o.id)
			s.misbehaves(o.id, rule)
			s.peers.say(reserved(t, o))
			testkit.Eventually(t, within, func() bool {
				return s.count(`select count(*) from payments where order_id = $1 and state = 'called'`, o.id) == 1
			})
			s.peers.say(cancelled(t, o), cancelled(t, o))
			d := s.becomes(o.id, "refunded")
			require.Len(t, d.Refunds, 1)
			s.peers.hears(o.id, events.PaymentRefunded)
			require.Equal(t, 1, s.charges(o.id))
			require.EqualValues(t, o.amount, s.refunded(o.id))
		})
	}
}

func TestCharge_P10_FiveDeliveriesToTwoReplicasChargeOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	twin := *s
	twin.config.ServerPort = testkit.FreePort(t)
	twin.url = fmt.Sprintf("http://127.0.0.1:%d", twin.config.ServerPort)
	twin.run()
	var orders []order
	for range 20 {
		o := newOrder(uuid.NewString(), "pm_card_visa")
		orders = append(orders, o)
		m := reserved(t, o)
		s.peers.say(m, m, m, m, m, reserved(t, o)) // the last as another message
	}
	for _, o := range orders {
		s.becomes(o.id, "captured")
		s.peers.hears(o.id, events.PaymentCaptured)
		require.Equal(t, 1, s.charges(o.id))
	}
	require.Equal(t, len(orders), s.count(`select count(*) from ledger`))
	require.Equal(t, len(orders), s.sandbox.Count(`select count(*) from intents`))
}

// A failure that the processor keeps under the key, though nothing was made, is no proof of anything: the payment stays unknown
// and is looked up again, until its order's deadline makes it unwanted; and then too.
func TestCharge_P23_AWantedPaymentNeverFailsBecauseNothingIsFound(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.misbehaves(o.id, faults.Rule{Effect: faults.ErrorBefore}) // kept under the key
	s.peers.say(reserved(t, o))
	id := s.becomes(o.id, "unknown").ID
	looked := func() bool { // by listing and searching too
		return s.count(`select count(*) from payments where id = $1 and calls >= 5 and next_at > now()`, id) == 1
	}
	testkit.Eventually(t, time.Minute, looked)
	require.Equal(t, "unknown", s.payment(o.id).Status)
	s.peers.say(cancelled(t, o))
	testkit.Eventually(t, time.Minute, looked, "the fence was refused, its replay says nothing, and it is looked for again")
	require.Equal(t, "unknown", s.payment(o.id).Status)
	require.Empty(t, s.peers.types(o.id))

	// What should not be happens all the same: a charge appears under another key, and a webhook says so.
	s.chargeUnderKey("another", id, o)
	s.becomes(o.id, "refunded")
	require.EqualValues(t, o.amount, s.refunded(o.id))
}

// An order that is cancelled while the processor is away is not charged when it comes back, in order to be refunded.
func TestCharge_P49_P57_WhileTheProcessorIsAwayNothingIsLostAndNoDeadOrderIsCharged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	port := testkit.FreePort(t)
	s.config.StripeURL = fmt.Sprintf("http://127.0.0.1:%d", port)
	s.run()
	var orders []order
	for range 15 { // more than there are calls at once
		orders = append(orders, s.place("pm_card_visa"))
	}
	gone := s.place("pm_card_visa")
	for _, o := range append(orders, gone) {
		s.becomes(o.id, "unknown")
	}
	require.NoError(t, s.probe("/health/ready", http.StatusOK))
	s.peers.say(cancelled(t, gone))
	testkit.Eventually(t, within, func() bool {
		return s.count(`select count(*) from payments where order_id = $1 and unwanted`, gone.id) == 1
	})

	s.sandbox = sandboxtest.Start(t, func(c *sandbox.Config) { c.ServerPort = port })
	for _, o := range orders {
		s.becomes(o.id, "captured")
		require.Equal(t, 1, s.charges(o.id))
	}
	s.becomes(gone.id, "voided")
	require.Zero(t, s.sandbox.Count(`select count(*) from charges c join intents i on i.id = c.intent_id where i.order_id = $1`, gone.id))
	require.Zero(t, s.sandbox.Count(`select count(*) from intents where order_id = $1 and status <> 'canceled'`, gone.id))
	require.Empty(t, s.peers.types(gone.id), "an order that has ended hears nothing")
}

// The key of an order that was cancelled is fenced: what the first request did decides, and a request that comes late does
// nothing any more.
func TestCharge_P57_TheKeyOfADeadOrderIsFenced(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, c := range map[string]struct {
		method string
		rule   faults.Rule
		status string
	}{
		"nothing was made":                      {"pm_card_visa", faults.Rule{Effect: faults.DropBefore, Count: 3}, "voided"},
		"it was charged":                        {"pm_card_visa", faults.Rule{Effect: faults.ChargeThenDrop, Count: 2}, "refunded"},
		"it was declined":                       {"pm_card_chargeDeclined", faults.Rule{Effect: faults.ChargeThenDrop, Count: 2}, "voided"},
		"it waits for the shopper":              {"pm_card_authenticationRequired", faults.Rule{Effect: faults.ChargeThenDrop, Count: 2}, "voided"},
		"it was charged, and a failure is kept": {"pm_card_visa", faults.Rule{Effect: faults.ErrorAfter}, "refunded"},
		"it fails for a while, nothing is kept": {"pm_card_visa", faults.Rule{Effect: faults.ErrorBefore, Unsaved: true, Count: 4}, "voided"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			o := newOrder(uuid.NewString(), c.method)
			s.deaf(o.id)
			s.misbehaves(o.id, c.rule)
			s.peers.say(reserved(t, o))
			id := s.becomes(o.id, "unknown").ID
			s.peers.say(cancelled(t, o))
			d := s.becomes(o.id, c.status)
			require.Equal(t, c.status == "refunded", s.charges(o.id) == 1)
			require.Equal(t, c.status == "refunded", len(d.Refunds) == 1)
			late := s.chargeUnderItsKey(id, o) // a request that was under way all the time
			require.Contains(t, []int{http.StatusOK, http.StatusBadRequest, http.StatusPaymentRequired, http.StatusInternalServerError}, late)
			require.Equal(t, c.status == "refunded", s.charges(o.id) == 1, "the late request has charged nothing")
		})
	}
}

func TestPayment_P51_APoolOfOneIsEnough(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.MaxConns = 1
	s.run()
	var orders []order
	for range 20 {
		orders = append(orders, s.place("pm_card_visa"))
	}
	for _, o := range orders {
		s.becomes(o.id, "captured")
		s.peers.say(cancelled(t, o))
	}
	for _, o := range orders {
		s.becomes(o.id, "refunded")
	}
}

func TestRun_P47_AStopFinishesTheChargesThatRun(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.StripeTimeout = 10 * time.Second // the delay's length must not decide what this shows
	stop := s.run()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.misbehaves(o.id, faults.Rule{Effect: faults.DelayBefore, DelayMS: 700})
	s.peers.say(reserved(t, o))
	called := func() bool {
		return s.count(`select count(*) from payments where order_id = $1 and state = 'called'`, o.id) == 1
	}
	testkit.Eventually(t, within, called)
	stop()
	require.Equal(t, 1, s.count(`select count(*) from payments where order_id = $1 and state = 'captured'`, o.id))
	require.Zero(t, s.count(`select count(*) from outbox where sent_at is null`))
	s.peers.hears(o.id, events.PaymentCaptured)
}
