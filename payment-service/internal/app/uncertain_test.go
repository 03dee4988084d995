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

func TestCharge_P23_AnIntentThatIsNeverFoundFailsThePaymentInTheEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.GiveUp = 2 * time.Second
	s.run()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.misbehaves(o.id, faults.Rule{Effect: faults.ErrorBefore}) // kept under the key: nothing will ever be made
	s.peers.say(reserved(t, o))
	d := s.becomes(o.id, "failed")
	require.Equal(t, "no_answer", d.Failure.Code)
	s.peers.hears(o.id, events.PaymentFailed)
	require.Zero(t, s.charges(o.id))
	require.Equal(t, 1, s.count(`select count(*) from payments where next_at > now() + interval '30 minutes'`), "it is still looked for")

	// What should not be happens all the same: the request was under way, and the charge appears.
	_, err := s.db.Pool.Exec(t.Context(), `update payments set next_at = now()`)
	require.NoError(t, err)
	s.chargeBehindOurBack(d.ID, o)
	s.becomes(o.id, "refunded")
	s.peers.hears(o.id, events.PaymentFailed, events.PaymentRefunded)
	require.EqualValues(t, o.amount, s.refunded(o.id))
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

func TestCharge_P49_WhileTheProcessorIsAwayNothingIsLost(t *testing.T) {
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

	s.sandbox = sandboxtest.Start(t, func(c *sandbox.Config) { c.ServerPort = port })
	for _, o := range orders {
		s.becomes(o.id, "captured")
		require.Equal(t, 1, s.charges(o.id))
	}
	s.becomes(gone.id, "refunded")
	require.EqualValues(t, gone.amount, s.refunded(gone.id))
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
