package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/rabbit"
	"marketplace/shared/testkit"
)

func TestSaga_P10_FiveDeliveriesHaveOneEffect(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p := s.newPeers(), s.customer()
	o := p.place(item(s.catalogue.lamp(), 1))
	message := reserved(t, o.ID)
	others.say(message, message, message, message, message)
	p.await(o.ID, "reserved")
	others.say(captured(t, o)) // comes after all five
	p.await(o.ID, "confirmed")
	require.Equal(t, []string{"order.placed", "stock.reserved", "order.confirmed"}, p.timeline(o.ID))
	require.Equal(t, 2, s.count("select count(*) from inbox"))
	s.invariants()
}

func TestSaga_TheOtherServicesSayNo(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()

	short := p.place(item(lamp, 2))
	others.say(rejected(t, short.ID, lamp))
	o := p.await(short.ID, "cancelled")
	require.Equal(t, "out_of_stock", o.CancelReason.Code)
	require.Equal(t, lamp, o.CancelReason.Details.Shortages[0].ProductID)
	require.Equal(t, "voided", o.PaymentStatus)
	others.hears(o.ID, events.OrderPlaced, events.OrderCancelled)

	poor := p.place(item(lamp, 1))
	others.say(reserved(t, poor.ID), declined(t, poor.ID))
	o = p.await(poor.ID, "cancelled")
	require.Equal(t, "payment_declined", o.CancelReason.Code)
	require.Equal(t, "insufficient_funds", o.CancelReason.Details.DeclineCode)
	require.Equal(t, "failed", o.PaymentStatus)
	others.hears(o.ID, events.OrderPlaced, events.OrderCancelled)
	var cancelled eventsv1.OrderCancelled
	require.NoError(t, proto.Unmarshal(others.last(o.ID, events.OrderCancelled).Body, &cancelled))
	require.EqualValues(t, 500, cancelled.GetTotal().GetAmount())
	require.Equal(t, "payment_declined", cancelled.GetReason())
}

func TestSaga_AnotherAmountIsParkedAndConfirmsNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p := s.newPeers(), s.customer()
	wrong, right := p.place(item(s.catalogue.lamp(), 1)), p.place(item(s.catalogue.lamp(), 1))
	for _, m := range []rabbit.Message{
		capturedAmount(t, wrong.ID, 499, "USD"), capturedAmount(t, wrong.ID, 500, "EUR"),
		captured(t, right), // in the same batch, and none the worse
		envelope(t, "x", events.PaymentCaptured, wrong.ID, &eventsv1.StockReserved{OrderId: "not a uuid"}),
		{ID: uuid.NewString(), Type: events.StockReserved, Source: "x", Subject: wrong.ID, Time: time.Now(), Body: []byte("garbage")},
		captured(t, strange()),
	} {
		others.say(m)
	}
	p.await(right.ID, "confirmed")
	testkit.Eventually(t, within, func() bool { return s.count("select count(*) from parked") == 5 })
	require.Equal(t, 2, s.count("select count(*) from parked where reason like '%amount does not match%'"))
	require.Equal(t, 1, s.count("select count(*) from parked where reason like '%never placed%'"))
	require.Equal(t, "pending", p.get(wrong.ID).Status)
}

func TestCancel_ThreeWays(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()
	cancel := func(id, k string) reply {
		return p.call(http.MethodPost, orders+"/"+id+"/cancel", `{"reason":"changed my mind"}`, "Idempotency-Key", k)
	}
	// Nothing has happened yet: at once.
	early, k := p.place(item(lamp, 1)), key()
	first := cancel(early.ID, k)
	o := first.order(t)
	require.Equal(t, "cancelled", o.Status)
	require.Equal(t, "cancelled_by_customer", o.CancelReason.Code)
	require.Equal(t, "changed my mind", o.CancelReason.Details.Note)
	require.Len(t, o.Items, 1)
	require.Equal(t, `"2"`, first.Header.Get("ETag"))
	require.Equal(t, first.Body, cancel(early.ID, k).Body)
	require.Equal(t, o, cancel(early.ID, key()).order(t), "a second cancel is answered as the first")
	require.Equal(t, o, p.call(http.MethodPost, orders+"/"+early.ID+"/cancel", `{}`).order(t), "and needs no key")
	others.hears(early.ID, events.OrderPlaced, events.OrderCancelled)

	// Confirmed: the warehouse decides, and stops the shipments.
	late := p.place(item(lamp, 1))
	others.say(captured(t, late))
	p.await(late.ID, "confirmed")
	require.Equal(t, "cancelling", cancel(late.ID, key()).order(t).Status)
	others.hears(late.ID, events.OrderPlaced, events.OrderConfirmed, events.OrderCancelRequested)
	others.say(shipmentCancelled(t, late.ID))
	p.await(late.ID, "cancelled")
	others.say(refunded(t, late))
	testkit.Eventually(t, within, func() bool { return p.get(late.ID).PaymentStatus == "refunded" })
	noted := p.call(http.MethodGet, orders+"/"+late.ID+"/events", "").Body
	require.Contains(t, noted, `"cause":"support:k"`, "the timeline says what money went back for")

	// Cancelling, but the parcel has left.
	tooLate := p.place(item(lamp, 1))
	others.say(captured(t, tooLate))
	p.await(tooLate.ID, "confirmed")
	require.Equal(t, "cancelling", cancel(tooLate.ID, key()).order(t).Status)
	others.say(dispatched(t, tooLate.ID, 1, 1))
	require.Nil(t, p.await(tooLate.ID, "shipped").CancelReason)
	require.Contains(t, p.timeline(tooLate.ID), "order.cancellation_too_late")
	refused := cancel(tooLate.ID, key())
	require.Equal(t, http.StatusConflict, refused.Status)
	require.Equal(t, "already_shipped", refused.problem(t).Code)
	s.invariants()
}

func TestDeadline_CancelsWhatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()
	pending, held, paid := p.place(item(lamp, 1)), p.place(item(lamp, 1)), p.place(item(lamp, 1))
	others.say(reserved(t, held.ID), captured(t, paid))
	p.await(held.ID, "reserved")
	p.await(paid.ID, "confirmed")
	s.expire()
	for _, id := range []string{pending.ID, held.ID} {
		o := p.await(id, "cancelled")
		require.Equal(t, "timed_out", o.CancelReason.Code)
		others.hears(id, events.OrderPlaced, events.OrderCancelled)
	}
	require.Equal(t, "confirmed", p.get(paid.ID).Status)
	s.invariants()
}

func TestWait_AnswersWhenSettledOrAfterTheWait(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p := s.newPeers(), s.customer()
	o := p.place(item(s.catalogue.lamp(), 1))
	begin := time.Now()
	require.Equal(t, "pending", p.call(http.MethodGet, orders+"/"+o.ID+"?wait=300ms", "").order(t).Status)
	require.GreaterOrEqual(t, time.Since(begin), 300*time.Millisecond)

	begin = time.Now()
	const waiters = 50
	answers := make(chan reply, waiters)
	for range waiters {
		go func() {
			r, _ := p.try(http.MethodGet, orders+"/"+o.ID+"?wait=30s", "")
			answers <- r
		}()
	}
	others.say(captured(t, o))
	for range waiters {
		r := <-answers
		require.Equal(t, "confirmed", r.order(t).Status)
		require.Equal(t, `"2"`, r.Header.Get("ETag"))
	}
	require.Less(t, time.Since(begin), 30*time.Second, "nobody waited to the end")
}
