package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/auth"
	"marketplace/shared/testkit"
)

func refundIn(t *testing.T, r reply, status int) (f handler.Refund) {
	t.Helper()
	require.Equal(t, status, r.Status, r.Body)
	require.NoError(t, json.Unmarshal([]byte(r.Body), &f))
	return f
}

func refused(t *testing.T, r reply, status int, code string) {
	t.Helper()
	require.Equal(t, status, r.Status, r.Body)
	require.Equal(t, code, r.code(t))
}

// decide sends a decision about a refund.
func (p *person) decide(paymentID, refundID, what, body string) reply {
	p.shop.t.Helper()
	return p.do(http.MethodPost, "/api/v1/payments/"+paymentID+"/refunds/"+refundID+"/"+what, body, "Idempotency-Key", uuid.NewString())
}

const all = `{"reason": "all of it"}`

func some(amount string) string {
	return `{"amount": {"amount": ` + amount + `, "currency": "USD"}, "reason": "a scratch", "note": "photo seen"}`
}

func TestRefund_P61_AFullRefundBeforeDispatchIsRefusedWithCancelInstead(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	support := s.support()
	refused(t, support.refund(d.ID, "all", all), http.StatusConflict, "cancel_instead")
	refundIn(t, support.refund(d.ID, "half", some("649")), http.StatusCreated)
	s.becomes(o.id, "partially_refunded")
	refused(t, support.refund(d.ID, "rest", some("650")), http.StatusConflict, "cancel_instead")
	require.Equal(t, 649, s.refunded(o.id))

	s.dispatch(o)
	refundIn(t, support.refund(d.ID, "all", all), http.StatusCreated)
	s.becomes(o.id, "refunded")
	back := message[*eventsv1.PaymentRefunded](s.peers, o.id, events.PaymentRefunded)
	require.True(t, strings.HasPrefix(back.GetCause(), "support:"), "the order's timeline can say what it was for")
}

func TestRefund_P61_MoreThanHalfBeforeDispatchAwaitsASecondPersonForAdministratorsToo(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	admin, support := s.somebody(auth.RoleAdmin), s.support()
	refundIn(t, admin.refund(d.ID, "half", some("649")), http.StatusCreated)
	waits := refundIn(t, admin.refund(d.ID, "more", some("1")), http.StatusAccepted)
	require.Equal(t, "awaiting_confirmation", waits.Status)
	refused(t, admin.decide(d.ID, waits.ID, "confirm", `{}`), http.StatusForbidden, "second_person_required")
	refundIn(t, support.decide(d.ID, waits.ID, "confirm", `{}`), http.StatusOK)
	testkit.Eventually(t, within, func() bool { return s.refunded(o.id) == 650 })
	refused(t, admin.refund(d.ID, "rest", some("649")), http.StatusConflict, "cancel_instead")

	s.dispatch(o)
	refundIn(t, support.refund(d.ID, "after", some("600")), http.StatusCreated)
}

// Goods of an order from before shipments were heard of have left, perhaps: it can be neither cancelled nor refused for ever.
func TestRefund_P61_TwoPeopleGiveEverythingBackWhereADispatchIsNotKnown(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, support := s.somebody(auth.RoleAdmin), s.support()
	before := func() (order, string) {
		o, d := s.captured("pm_card_visa")
		_, err := s.db.Pool.Exec(t.Context(), `update payments set dispatch_unknown = true where id = $1`, d.ID)
		require.NoError(t, err)
		return o, d.ID
	}
	o, id := before()
	waits := refundIn(t, admin.refund(id, "all", all), http.StatusAccepted)
	refused(t, admin.decide(id, waits.ID, "confirm", `{}`), http.StatusForbidden, "second_person_required")
	refundIn(t, support.decide(id, waits.ID, "confirm", `{"note": "the order says shipped"}`), http.StatusOK)
	s.becomes(o.id, "refunded")
	require.EqualValues(t, o.amount, s.refunded(o.id))

	o, id = before()
	s.dispatch(o)
	refundIn(t, support.refund(id, "all", all), http.StatusCreated)
	s.becomes(o.id, "refunded")
}

func TestRefund_OneThatWouldFitIfOthersWereDoneSaysSo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.peers.say(reserved(t, o))
	d := s.becomes(o.id, "captured")
	_, err := s.db.Pool.Exec(t.Context(), `insert into refunds (id, payment_id, cause, amount, currency, status, next_at)
		values (gen_random_uuid(), $1, 'return:r', 1000, 'USD', 'pending', now() + interval '1 hour')`, d.ID)
	require.NoError(t, err)
	r := s.support().refund(d.ID, "k", some("500"))
	refused(t, r, http.StatusConflict, "refund_pending")
	require.Contains(t, r.Body, `"pending":{"amount":1000,"currency":"USD"}`)
	require.Contains(t, r.Body, `"left":{"amount":299,"currency":"USD"}`)
	refused(t, s.support().refund(d.ID, "k", some("1300")), http.StatusConflict, "refund_exceeds_capture")
}

func TestRefund_NobodyDecidesAboutHisOwnOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, role := range []string{auth.RoleSupport, auth.RoleAdmin} {
		staff := s.somebody(role)
		id := s.becomes(staff.pays("pm_card_visa").id, "captured").ID
		refused(t, staff.refund(id, "k", some("1")), http.StatusForbidden, "own_payment")
		f := refundIn(t, s.support().refund(id, "k", some("1")), http.StatusCreated)
		refused(t, staff.decide(id, f.ID, "settle", `{"as": "outside", "note": "x"}`), http.StatusForbidden, "own_payment")
		_, r := staff.reads(id)
		require.NotContains(t, r.Body, "photo seen", "he is the customer here")
	}
}

func TestRefund_AboveTheLimitASecondPersonConfirms(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.RefundLimitSupport, s.config.RefundLimitSupportDay = 500, 800
	s.run()
	ann, bob, admin := s.support(), s.support(), s.somebody(auth.RoleAdmin)
	customer := s.somebody()
	o := customer.pays("pm_card_visa")
	id := s.becomes(o.id, "captured").ID
	other := s.becomes(s.place("pm_card_visa").id, "captured").ID

	refundIn(t, ann.refund(id, "1", some("400")), http.StatusCreated)
	waits := refundIn(t, bob.refund(id, "2", some("200")), http.StatusAccepted)
	require.Equal(t, "awaiting_confirmation", waits.Status, "the parts of one payment count together, whoever asks")
	refundIn(t, ann.refund(other, "3", some("400")), http.StatusCreated)
	day := refundIn(t, ann.refund(s.becomes(s.place("pm_card_visa").id, "captured").ID, "4", some("1")), http.StatusAccepted)
	require.Equal(t, "awaiting_confirmation", day.Status, "and those of one person's day")
	refundIn(t, admin.refund(other, "5", some("200")), http.StatusCreated)
	testkit.Eventually(t, within, func() bool { return s.refunded(o.id) == 400 })

	d, r := customer.reads(id)
	require.Len(t, d.Refunds, 1, "the customer sees what was decided")
	for _, secret := range []string{"photo seen", ann.id, bob.id, "awaiting"} {
		require.NotContains(t, r.Body, secret)
	}
	refused(t, bob.decide(id, waits.ID, "confirm", `{}`), http.StatusForbidden, "second_person_required")
	require.Equal(t, "pending", refundIn(t, ann.decide(id, waits.ID, "confirm", `{"note": "agreed"}`), http.StatusOK).Status)
	refused(t, ann.decide(id, waits.ID, "confirm", `{}`), http.StatusConflict, "refund_not_awaiting")
	refused(t, ann.decide(id, uuid.NewString(), "confirm", `{}`), http.StatusNotFound, "not_found")
	testkit.Eventually(t, within, func() bool { return s.refunded(o.id) == 600 })
	require.Equal(t, 1, s.count(`select count(*) from refunds where asked_by = $1 and confirmed_by = $2`, bob.id, ann.id))

	seen, _ := admin.reads(id)
	require.Len(t, seen.Refunds[1].Acts, 2)
	require.Equal(t, []string{"asked", bob.id, "confirmed", ann.id}, []string{
		seen.Refunds[1].Acts[0].Act, seen.Refunds[1].Acts[0].By, seen.Refunds[1].Acts[1].Act, seen.Refunds[1].Acts[1].By,
	})
	require.Equal(t, "photo seen", seen.Refunds[1].Note)
	_, err := s.db.Pool.Exec(t.Context(), `update refund_acts set actor = 'nobody'`)
	require.Error(t, err, "what people did is not changed")
}

func TestRefund_ACancellationDropsWhatNobodyHasConfirmed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.RefundLimitSupport = 10
	s.run()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.peers.say(reserved(t, o))
	id := s.becomes(o.id, "captured").ID
	f := refundIn(t, s.support().refund(id, "k", some("500")), http.StatusAccepted)
	s.peers.say(cancelled(t, o))
	s.becomes(o.id, "refunded")
	require.EqualValues(t, o.amount, s.refunded(o.id))
	refused(t, s.support().decide(id, f.ID, "confirm", `{}`), http.StatusConflict, "refund_not_awaiting")
	require.Equal(t, "rejected", s.payment(o.id).Refunds[0].Status)
}

func TestRefund_P55_TheEventCarriesTheTraceOfTheRequest(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	r := s.support().do(http.MethodPost, "/api/v1/payments/"+d.ID+"/refunds", some("100"),
		"Idempotency-Key", "k", "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded)
	s.peers.mu.Lock()
	defer s.peers.mu.Unlock()
	for _, m := range s.peers.heard[o.id] {
		if m.Type == events.PaymentRefunded {
			require.Contains(t, m.Headers["traceparent"], trace)
		}
	}
}
