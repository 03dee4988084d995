package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/proto/events"
	"marketplace/shared/testkit"
)

// refund asks for a refund.
func (p *person) refund(paymentID, key, body string) reply {
	p.shop.t.Helper()
	return p.do(http.MethodPost, "/api/v1/payments/"+paymentID+"/refunds", body, "Idempotency-Key", key)
}

// captured is an order whose payment is captured.
func (s *shop) captured(method string) (order, *handler.Detail) {
	s.t.Helper()
	o := s.place(method)
	return o, s.becomes(o.id, "captured")
}

func TestRefund_P29_TwentyAtOnceNeverExceedTheCapture(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	s.dispatch(o)
	support := s.support()
	replies := make([]reply, 20)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range replies {
		all.Go(func() {
			<-start
			replies[i] = support.refund(d.ID, fmt.Sprint("key", i), `{"amount": {"amount": 100, "currency": "USD"}, "reason": "race"}`)
		})
	}
	close(start)
	all.Wait()
	won := 0
	for _, r := range replies {
		if r.Status == http.StatusCreated {
			won++
			continue
		}
		require.Equal(t, http.StatusConflict, r.Status, r.Body)
		require.Contains(t, []string{"refund_exceeds_capture", "refund_pending"}, r.code(t))
	}
	require.Equal(t, 12, won, "12 times 100 of 1299")
	testkit.Eventually(t, within, func() bool { return s.refunded(o.id) == 1200 })

	r := support.refund(d.ID, "the rest", `{"reason": "all of it"}`)
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	var f handler.Refund
	require.NoError(t, json.Unmarshal([]byte(r.Body), &f))
	require.Equal(t, usd(99), f.Amount)
	s.becomes(o.id, "refunded")
	r = support.refund(d.ID, "more", `{"reason": "greed"}`)
	require.Equal(t, http.StatusConflict, r.Status)
	require.Equal(t, "nothing_to_refund", r.code(t))
	require.EqualValues(t, o.amount, s.refunded(o.id))
	require.Zero(t, s.count(`select coalesce(sum(amount), 0) from ledger`))
}

func TestRefund_P29_ACancellationAndSupportShareTheCapture(t *testing.T) {
	t.Parallel()
	s := open(t)
	support := s.support()
	for range 10 {
		o, d := s.captured("pm_card_visa")
		var both sync.WaitGroup
		both.Go(func() { s.peers.say(cancelled(t, o)) })
		both.Go(func() {
			support.refund(d.ID, uuid.NewString(), `{"amount": {"amount": 500, "currency": "USD"}, "reason": "race"}`)
		})
		both.Wait()
		s.becomes(o.id, "refunded")
		require.EqualValues(t, o.amount, s.refunded(o.id))
	}
}

func TestRefund_P19_P20_P22_AKeyRefundsOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, d := s.captured("pm_card_visa")
	support, colleague := s.support(), s.support()
	first := support.refund(d.ID, "key", `{"amount": {"amount": 100, "currency": "USD"}, "reason": "once"}`)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	require.Equal(t, "/api/v1/payments/"+d.ID, first.Header.Get("Location"))
	again := support.refund(d.ID, "key", `{"amount": {"amount": 100, "currency": "USD"}, "reason": "once"}`)
	require.Equal(t, []any{first.Status, first.Body}, []any{again.Status, again.Body})
	require.Equal(t, 1, s.count(`select count(*) from refunds`))

	other := support.refund(d.ID, "key", `{"amount": {"amount": 200, "currency": "USD"}, "reason": "once"}`)
	require.Equal(t, http.StatusUnprocessableEntity, other.Status)
	require.Equal(t, "idempotency_key_reused", other.code(t))
	require.Equal(t, http.StatusCreated, colleague.refund(d.ID, "key", `{"amount": {"amount": 200, "currency": "USD"}, "reason": "theirs"}`).Status)
	require.Equal(t, 2, s.count(`select count(*) from refunds`))

	missing := support.do(http.MethodPost, "/api/v1/payments/"+d.ID+"/refunds", `{"reason": "x"}`)
	require.Equal(t, http.StatusUnprocessableEntity, missing.Status)
	require.Equal(t, "idempotency_key_required", missing.code(t))
}

func TestRefund_P23_NoCertainAnswerIsAskedForAgainAndRefundsOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, rule := range map[string]faults.Rule{
		"refunded, and the connection cut": {Effect: faults.ChargeThenDrop, Count: 2},
		"the connection cut before":        {Effect: faults.DropBefore, Count: 2},
		"refunded, and an answer too late": {Effect: faults.DelayAfter, DelayMS: 1500},
		"refunded, and a 500 that is kept": {Effect: faults.ErrorAfter}, // under the key: only looking helps
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			o, d := s.captured("pm_card_visa")
			rule.Match = faults.Match{Method: http.MethodPost, Path: "/v1/refunds", Metadata: map[string]string{"payment_id": d.ID}}
			s.sandbox.Fault(rule)
			s.peers.say(cancelled(t, o))
			s.becomes(o.id, "refunded")
			require.EqualValues(t, o.amount, s.refunded(o.id))
			s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded)
		})
	}
}

func TestRefund_P24_AfterTheKeysLifeTheRefundIsLookedForNotRepeated(t *testing.T) {
	t.Parallel()
	// When the refund is due again, after a second, the key is forgotten: asking again would refund again.
	s := newShop(t, func(c *sandbox.Config) { c.KeyRetention = 700 * time.Millisecond })
	s.config.KeyLife = 500 * time.Millisecond
	s.run()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.peers.say(reserved(t, o))
	d := s.becomes(o.id, "captured")
	s.sandbox.Fault(faults.Rule{Match: faults.Match{Method: http.MethodPost, Path: "/v1/refunds"}, Effect: faults.ChargeThenDrop, Count: -1})
	r := s.support().refund(d.ID, "key", `{"amount": {"amount": 299, "currency": "USD"}, "reason": "a scratch"}`)
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	s.becomes(o.id, "partially_refunded")
	require.Equal(t, 299, s.refunded(o.id))
	require.Equal(t, 1, s.sandbox.Count(`select count(*) from refunds`))
}

func TestRefund_ABankMayTakeItsTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, _ := s.captured("pm_card_pendingRefund")
	s.peers.say(cancelled(t, o))
	d := s.becomes(o.id, "refunded")
	require.Len(t, d.Refunds, 1)
}

func TestRefund_WhenOneFailsForACancelledOrderTheRestIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, _ := s.captured("pm_sandbox_refundRefused")
	s.peers.say(cancelled(t, o))
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from refunds where status = 'failed'`) >= 1 })
	d := s.payment(o.id)
	require.Equal(t, "captured", d.Status)
	require.Equal(t, "failed", d.Refunds[0].Status)
	require.NotEmpty(t, d.Refunds[0].Failure.Code)
	require.Equal(t, "order:"+o.id+":cancelled:2", d.Refunds[1].Cause)
	require.Equal(t, "pending", d.Refunds[1].Status)
	require.Equal(t, 1, s.count(`select count(*) from refunds where cause like '%:2' and next_at > created_at + interval '4 seconds'`), "not at once")
	metrics := s.somebody().do(http.MethodGet, "/metrics", "")
	require.True(t, strings.Contains(metrics.Body, "payment_refunds_failed_total 0\n"), "another one takes its place: nobody has to be told yet")
}

func TestRefund_OneThatABankSendsBackRaisesTheAlert(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *sandbox.Config) { c.SettleDelay = 2 * time.Second })
	o, _ := s.captured("pm_card_refundFail") // succeeds, and fails a moment later
	s.peers.say(cancelled(t, o))
	s.becomes(o.id, "refunded")
	testkit.Eventually(t, within, func() bool {
		return strings.Contains(s.somebody().do(http.MethodGet, "/metrics", "").Body, "payment_refunds_failed_total 1")
	})
}

func TestRefund_OfWhatWasNotCapturedIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.place("pm_card_chargeDeclined")
	d := s.becomes(o.id, "failed")
	r := s.support().refund(d.ID, "key", `{"reason": "x"}`)
	require.Equal(t, http.StatusConflict, r.Status)
	require.Equal(t, "nothing_to_refund", r.code(t))
	require.Equal(t, http.StatusNotFound, s.support().refund(uuid.NewString(), "key", `{"reason": "x"}`).Status)
	require.Zero(t, s.count(`select count(*) from idempotency_keys`), "refusals are not kept")
}

func TestLedger_OnlyGrows(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.captured("pm_card_visa")
	for _, statement := range []string{
		`update ledger set amount = 1`, `delete from ledger`, `truncate ledger`,
		`insert into ledger (id, payment_id, kind, amount, currency) select gen_random_uuid(), payment_id, 'charge', 1, 'USD' from ledger`,
		`update payments set refunding_amount = captured_amount + 1`,
		`insert into payments (id, order_id, amount, currency, method, state) select gen_random_uuid(), order_id, 1, 'USD', 'm', 'processing' from payments`,
	} {
		ctx := t.Context()
		_, err := s.db.Pool.Exec(ctx, statement)
		require.Error(t, err, statement)
	}
	require.Equal(t, 1, s.count(`select count(*) from ledger where at > $1`, time.Now().Add(-time.Minute)))
}

func TestRefund_P22_ACauseTellsTheCustomerNeitherWhoAskedNorUnderWhichKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	customer, support := s.somebody(), s.support()
	id := s.becomes(customer.pays("pm_card_visa").id, "captured").ID
	key := uuid.NewString()
	require.Equal(t, http.StatusCreated, support.refund(id, key, `{"amount": {"amount": 100, "currency": "USD"}, "reason": "a scratch"}`).Status)
	d, r := customer.reads(id)
	require.Len(t, d.Refunds, 1)
	require.True(t, strings.HasPrefix(d.Refunds[0].Cause, "support:"))
	require.NotContains(t, r.Body, support.id)
	require.NotContains(t, r.Body, key)
}
