package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/app"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/proto/events"
	"marketplace/shared/testkit"
)

func TestRefund_MoneyGivenBackAtTheConsoleIsBookedOnceAndAsRowsOfItsOwn(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, _ := s.captured("pm_card_visa")
	s.sandbox.RefundAtConsole(s.intent(o.id), 400)
	d := s.becomes(o.id, "partially_refunded")
	require.Equal(t, usd(400), d.Refunded)
	require.Regexp(t, "^external:re_", d.Refunds[0].Cause)
	s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded)

	s.peers.say(cancelled(t, o))
	d = s.becomes(o.id, "refunded")
	require.Len(t, d.Refunds, 2, "only the rest is asked for")
	require.EqualValues(t, o.amount, s.refunded(o.id))
}

// The answer to the charge is lost, and the money is given back at the console before anybody knows of the charge.
func TestRefund_MoneyGivenBackBeforeTheChargeIsKnownIsBooked(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"a webhook tells of it": true, "nothing tells of it": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			o := newOrder(uuid.NewString(), "pm_card_visa")
			dropped := []string{"payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "refund.created", "charge.refunded"}
			if told {
				dropped = dropped[:4]
			}
			for _, event := range dropped {
				s.sandbox.Fault(faults.Rule{Match: faults.Match{Event: event}, Effect: faults.WebhookDrop, Count: -1})
			}
			s.misbehaves(o.id, faults.Rule{Effect: faults.ChargeThenDrop, Count: -1})
			s.sandbox.Fault(faults.Rule{Match: faults.Match{Method: http.MethodGet}, Effect: faults.DropBefore, Count: -1})
			s.peers.say(reserved(t, o))
			s.becomes(o.id, "unknown")
			s.sandbox.RefundAtConsole(s.intent(o.id), 400)
			if told {
				testkit.Eventually(t, within, func() bool {
					return s.count(`select count(*) from webhooks where type = 'charge.refunded'`) == 1
				})
				require.Equal(t, 1, s.count(`select count(*) from payments where state = 'called' and books`))
			}
			require.Equal(t, "unknown", s.payment(o.id).Status)

			s.sandbox.ForgetFaults()
			d := s.becomes(o.id, "partially_refunded")
			require.Equal(t, usd(400), d.Refunded)
			require.Regexp(t, "^external:re_", d.Refunds[0].Cause)
			require.Len(t, d.Ledger, 2)
			require.LessOrEqual(t, s.count(`select count(*) from webhooks`), 1, "nothing was told afterwards")
			s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded)
		})
	}
}

// The fault: nothing was told of the refund at the console, the cancellation asked for everything, was refused, and asked
// again every hour for ever.
func TestRefund_ACancellationEndsWhenTheMoneyWasGivenBackElsewhere(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, _ := s.captured("pm_card_visa")
	s.sandbox.Fault(faults.Rule{Effect: faults.WebhookDrop, Count: -1})
	s.sandbox.RefundAtConsole(s.intent(o.id), 0)
	s.peers.say(cancelled(t, o))
	d := s.becomes(o.id, "refunded")
	require.Len(t, d.Refunds, 2)
	require.Equal(t, "failed", d.Refunds[0].Status)
	require.Regexp(t, "^external:re_", d.Refunds[1].Cause)
	require.Zero(t, s.count(`select count(*) from refunds where next_at is not null or status = 'needs_attention'`))
}

func TestRefund_OfADisputedPaymentWaitsForThePeopleAndGoesOnWhenItIsWon(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	s.sandbox.Dispute(s.intent(o.id), "needs_response")
	testkit.Eventually(t, within, func() bool { d = s.payment(o.id); return d.Dispute != nil && d.Dispute.State == "open" })
	refused(t, s.support().refund(d.ID, "k", some("100")), http.StatusConflict, "payment_disputed")
	s.peers.say(cancelled(t, o))
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from refunds where status = 'needs_attention'`) == 1 })
	require.Zero(t, s.count(`select count(*) from refunds where status = 'pending'`), "nothing is tried while the bank decides")

	s.sandbox.Dispute(s.intent(o.id), "won")
	d = s.becomes(o.id, "refunded")
	require.Equal(t, "won", d.Dispute.State)
	require.EqualValues(t, o.amount, s.refunded(o.id))
}

// Nobody has heard of the dispute when the refund is refused.
func TestRefund_RefusedForADisputeStopsAtOnceAndAPersonSettlesIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	customer := s.somebody()
	o := customer.pays("pm_card_visa")
	id := s.becomes(o.id, "captured").ID
	s.sandbox.Fault(faults.Rule{Effect: faults.WebhookDrop, Count: -1})
	s.sandbox.Dispute(s.intent(o.id), "lost")
	s.peers.say(cancelled(t, o))
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from refunds where status = 'needs_attention'`) == 1 })
	require.Equal(t, 2, s.count(`select count(*) from refunds`))
	seen, _ := customer.reads(id)
	require.Equal(t, []string{"failed", "pending"}, []string{seen.Refunds[0].Status, seen.Refunds[1].Status}, "the customer sees no inside")

	staff := s.support()
	r := staff.do(http.MethodGet, "/api/v1/payments?refunds=needs_attention", "")
	require.Contains(t, r.Body, id)
	require.Equal(t, http.StatusForbidden, customer.do(http.MethodGet, "/api/v1/payments?refunds=needs_attention", "").Status)
	waits := s.payment(o.id).Refunds[1].ID
	refused(t, staff.decide(id, waits, "settle", `{"as": "outside"}`), http.StatusUnprocessableEntity, "invalid")
	require.Equal(t, "failed", refundIn(t, staff.decide(id, waits, "settle", `{"as": "abandon", "note": "the bank paid him"}`), http.StatusOK).Status)
	refused(t, staff.decide(id, waits, "settle", `{"as": "retry", "note": "x"}`), http.StatusConflict, "refund_needs_no_attention")
	require.Equal(t, 1, s.count(`select count(*) from refund_acts where act = 'abandon' and actor = $1 and note = 'the bank paid him'`, staff.id))
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from payments where asked or again`) == 0 }, "the books were read")
	require.Equal(t, 2, s.count(`select count(*) from refunds`), "what was abandoned is not asked for again")
}

func TestRefund_WithoutAnAnswerForLongNeedsAttentionAndACommandSettlesIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	s.sandbox.Fault(noRefunds)
	refundIn(t, s.support().refund(d.ID, "k", some("100")), http.StatusCreated)
	id := s.needsAttention()
	command := func(args ...string) error {
		handled, err := app.Command(t.Context(), append([]string{"refunds"}, args...), s.config)
		require.True(t, handled)
		return err
	}
	require.NoError(t, command("list"))
	for _, wrong := range [][]string{{}, {"settle"}, {"settle", id, "perhaps", "x"}, {"settle", id, "retry", ""}} {
		require.ErrorContains(t, command(wrong...), "usage")
	}
	require.Error(t, command("settle", uuid.NewString(), "retry", "x"))
	s.sandbox.ForgetFaults()
	require.NoError(t, command("settle", id, "retry", "the processor is back"))
	s.becomes(o.id, "partially_refunded")
	require.Equal(t, 100, s.refunded(o.id))
	require.Equal(t, 1, s.count(`select count(*) from refund_acts where act = 'retry' and actor like 'operator:%'`))
	require.Error(t, command("settle", id, "retry", "again"))
}

func TestRefund_ThatABankNeverSettlesNeedsAttention(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *sandbox.Config) { c.SettleDelay = time.Hour })
	_, d := s.captured("pm_card_pendingRefund")
	refundIn(t, s.support().refund(d.ID, "k", some("100")), http.StatusCreated)
	testkit.Eventually(t, within, func() bool {
		s.count(`with soon as (update refunds set calls = greatest(calls, 749), next_at = now()
			where status = 'pending' and provider_refund_id <> '' returning 1) select count(*) from soon`)
		return s.count(`select count(*) from refunds where status = 'needs_attention'`) == 1
	})
}

// needsAttention makes the refund one that was asked for in vain often enough, and returns its identifier.
func (s *shop) needsAttention() (id string) {
	s.t.Helper()
	testkit.Eventually(s.t, within, func() bool {
		s.count(`with soon as (update refunds set calls = greatest(calls, 47), next_at = now() where status = 'pending' and calls > 0 returning 1) select count(*) from soon`)
		return s.count(`select count(*) from refunds where status = 'needs_attention'`) == 1
	})
	require.NoError(s.t, s.db.Pool.QueryRow(s.t.Context(), `select id::text from refunds where status = 'needs_attention'`).Scan(&id))
	return id
}

var noRefunds = faults.Rule{Match: faults.Match{Method: http.MethodPost, Path: "/v1/refunds"}, Effect: faults.DropBefore, Count: -1}

func TestRefund_ATransferThatAPersonSettlesIsNeverTakenForARefundAtTheConsole(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	s.sandbox.Fault(noRefunds)
	staff := s.support()
	refundIn(t, staff.refund(d.ID, "k", some("100")), http.StatusCreated)
	id := s.needsAttention()
	require.Equal(t, "done", refundIn(t, staff.decide(d.ID, id, "settle", `{"as": "outside", "note": "by transfer"}`), http.StatusOK).Status)
	require.Equal(t, usd(100), s.becomes(o.id, "partially_refunded").Refunded)

	s.sandbox.RefundAtConsole(s.intent(o.id), 100)
	testkit.Eventually(t, within, func() bool { return s.payment(o.id).Refunded == usd(200) }, "the same amount, and another refund")
	s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded, events.PaymentRefunded)
	require.Equal(t, 1, s.count(`select count(*) from refund_acts where act = 'outside' and actor = $1 and note = 'by transfer'`, staff.id))

	// All that is left at the processor is more than is left here.
	s.sandbox.RefundAtConsole(s.intent(o.id), 0)
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from refunds where failure_code = 'above_capture'`) == 1 })
	testkit.Eventually(t, within, func() bool {
		return s.count(`select count(*) from payments where next_at is not null or asked or again`) == 0
	}, "the books are not read for ever")
	above := s.needsAttention()
	require.Equal(t, 1, s.count(`select count(*) from payments where refunded_amount = 200 and refunding_amount = 0`))
	require.Contains(t, staff.do(http.MethodGet, "/api/v1/payments?refunds=needs_attention", "").Body, d.ID)
	refused(t, staff.decide(d.ID, above, "settle", `{"as": "outside", "note": "x"}`), http.StatusConflict, "refund_made_elsewhere")
	require.Equal(t, "needs_attention", refundIn(t, staff.decide(d.ID, above, "settle", `{"as": "retry", "note": "x"}`), http.StatusOK).Status)
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from payments where asked or again`) == 0 })
	require.Equal(t, 1, s.count(`select count(*) from refund_acts where refund_id = $1 and act = 'retry'`, above), "it is kept, though it changed nothing")
	handled, err := app.Command(t.Context(), []string{"refunds", "settle", above, "abandon", "paid twice, the transfer is lost"}, s.config)
	require.True(t, handled)
	require.NoError(t, err)
	require.Zero(t, s.count(`select count(*) from refunds where status = 'needs_attention'`))
	require.Equal(t, usd(200), s.payment(o.id).Refunded)
}

func TestRefund_SettledByWhatWentBackAtTheConsoleIsBookedOnceAndTheRestIsAskedFor(t *testing.T) {
	t.Parallel()
	s := open(t)
	customer := s.somebody()
	o := customer.pays("pm_card_visa")
	d := s.becomes(o.id, "captured")
	s.sandbox.Fault(noRefunds)
	s.peers.say(cancelled(t, o))
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from refunds where calls > 0`) == 1 })
	id := s.needsAttention()
	s.sandbox.Fault(faults.Rule{Effect: faults.WebhookDrop, Count: -1})
	s.sandbox.RefundAtConsole(s.intent(o.id), 400)
	s.sandbox.RefundAtConsole(s.intent(o.id), 500)
	s.sandbox.ForgetFaults()
	staff := s.support()
	require.Equal(t, "failed", refundIn(t, staff.decide(d.ID, id, "settle", `{"as": "console", "note": "in two parts"}`), http.StatusOK).Status)
	testkit.Eventually(t, within, func() bool { // the next one for the cancellation would wait for a minute
		s.count(`with soon as (update refunds set next_at = now() where status = 'pending' returning 1) select count(*) from soon`)
		d = s.payment(o.id)
		return d.Status == "refunded"
	})
	require.EqualValues(t, o.amount, s.refunded(o.id))
	require.Len(t, d.Refunds, 4)
	var external int
	for _, f := range d.Refunds {
		if strings.HasPrefix(f.Cause, "external:re_") && f.Status == "done" {
			external++
		}
	}
	require.Equal(t, 2, external)
	require.Zero(t, s.count(`select count(*) from refunds where status in ('pending', 'needs_attention')`))
	require.Equal(t, 1, s.count(`select count(*) from refund_acts where act = 'console' and actor = $1`, staff.id))
}
