package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/payment-service/internal/sandbox/webhook"
	"marketplace/proto/events"
	"marketplace/shared/testkit"
)

const webhooks = "/api/v1/webhooks/stripe"

// event is a webhook's body as the processor would write it.
func event(id, eventType, paymentID, intentID string) []byte {
	return fmt.Appendf(nil, `{"id": %q, "object": "event", "type": %q, "created": %d, "data": {"object": {
		"id": %q, "object": "payment_intent", "metadata": {"payment_id": %q}}}}`, id, eventType, time.Now().Unix(), intentID, paymentID)
}

func (s *shop) deliver(body []byte, signature string) reply {
	s.t.Helper()
	stranger := &person{shop: s} // the processor has no token of ours
	return stranger.do(http.MethodPost, webhooks, string(body), "Stripe-Signature", signature)
}

func TestWebhook_P25_ForgedOldAndFutureOnesAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.WebhookSecret = "whsec_new, " + sandboxtest.WebhookSecret
	s.run()
	body := event("evt_1", "payment_intent.succeeded", uuid.NewString(), "pi_1")
	now := time.Now()
	for name, signature := range map[string]string{
		"unsigned":         "",
		"nonsense":         "t=x,v1=zz",
		"another secret":   webhook.Sign("whsec_guess", now, body),
		"another body":     webhook.Sign(sandboxtest.WebhookSecret, now, append(body, ' ')),
		"too old":          webhook.Sign(sandboxtest.WebhookSecret, now.Add(-301*time.Second), body),
		"from the future":  webhook.Sign(sandboxtest.WebhookSecret, now.Add(310*time.Second), body),
		"an empty secret":  webhook.Sign("", now, body),
		"both as one text": webhook.Sign(s.config.WebhookSecret.Reveal(), now, body),
	} {
		r := s.deliver(body, signature)
		require.Equal(t, http.StatusBadRequest, r.Status, name)
		require.Equal(t, "webhook_signature_invalid", r.code(t), name)
		require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
	}
	require.Zero(t, s.count(`select count(*) from webhooks`))

	for i, secret := range []string{"whsec_new", sandboxtest.WebhookSecret} {
		body := event(fmt.Sprint("evt_", i), "payment_intent.succeeded", "not ours", "pi_1")
		require.Equal(t, http.StatusOK, s.deliver(body, webhook.Sign(secret, now.Add(-4*time.Minute), body)).Status)
	}
	require.Equal(t, 2, s.count(`select count(*) from webhooks where payment_id is null`))
}

func TestWebhook_P26_DuplicatesAndOldNewsNeverBringAPaymentBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := newOrder(uuid.NewString(), "pm_card_threeDSecure2Required")
	about := faults.Match{Metadata: map[string]string{"order_id": o.id}}
	s.sandbox.Fault(faults.Rule{Match: about, Effect: faults.WebhookDuplicate, Count: -1})
	held := about
	held.Event = "payment_intent.requires_action"
	s.sandbox.Fault(faults.Rule{Match: held, Effect: faults.WebhookReorder}) // comes after the success
	s.peers.say(reserved(t, o))
	d := s.becomes(o.id, "requires_action")
	intent := s.intent(o.id)
	s.sandbox.Authenticate(intent, true)
	s.becomes(o.id, "captured") // by the webhook: the reconciler would only look in half a minute
	testkit.Eventually(t, within, func() bool {
		return s.count(`select count(*) from webhooks where type = 'payment_intent.requires_action'`) == 1
	}, "the old news came")
	for range 3 {
		for _, news := range []string{"payment_intent.canceled", "payment_intent.payment_failed", "payment_intent.requires_action"} {
			body := event("evt_"+news, news, d.ID, intent)
			require.Equal(t, http.StatusOK, s.deliver(body, webhook.Sign(sandboxtest.WebhookSecret, time.Now(), body)).Status)
		}
	}
	require.Equal(t, "captured", s.payment(o.id).Status)
	require.Zero(t, s.count(`select count(*) from payments where next_at is not null`), "nothing is even looked at")
	require.Equal(t, 3, s.count(`select count(*) from webhooks where event_id like 'evt\_payment%'`), "each once")
	s.peers.hears(o.id, events.PaymentCaptured)
	require.Equal(t, 1, s.charges(o.id))
}

func TestWebhook_P26_AHintIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, other := s.place("pm_card_threeDSecure2Required"), s.place("pm_card_visa")
	d := s.becomes(o.id, "requires_action")
	s.becomes(other.id, "captured")
	for i, intent := range []string{s.intent(o.id), s.intent(other.id)} { // its own, and one that has succeeded
		body := event(fmt.Sprint("evt_lie", i), "payment_intent.succeeded", d.ID, intent)
		require.Equal(t, http.StatusOK, s.deliver(body, webhook.Sign(sandboxtest.WebhookSecret, time.Now(), body)).Status)
	}
	testkit.Eventually(t, within, func() bool { // it was looked at
		return s.count(`select count(*) from payments where id = $1 and calls > 0 and next_at > now() + interval '20 seconds'`, d.ID) == 1
	})
	require.Equal(t, "requires_action", s.payment(o.id).Status)
	require.Equal(t, 1, s.count(`select count(*) from ledger`))
}

func TestCharge_AChallengeThatFailsIsVoidedAndTheOrderIsTold(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.place("pm_card_threeDSecure2Required")
	s.becomes(o.id, "requires_action")
	s.sandbox.Authenticate(s.intent(o.id), false)
	d := s.becomes(o.id, "failed")
	require.Equal(t, "payment_intent_authentication_failure", d.Failure.Code)
	s.peers.hears(o.id, events.PaymentFailed)
	require.Equal(t, 1, s.sandbox.Count(`select count(*) from intents where order_id = $1 and status = 'canceled'`, o.id))
}

// Stock is held for a shopper who has to authenticate only so long: then the payment fails and the order is told, so that it
// releases its stock long before its deadline.
func TestCharge_P60_AShopperWhoDoesNotAuthenticateInTimeHoldsNoStock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.config.AuthenticationTime = 2 * time.Second
	s.run()
	o := s.place("pm_card_threeDSecure2Required")
	s.becomes(o.id, "requires_action")
	d := s.becomes(o.id, "failed")
	require.Equal(t, "authentication_timeout", d.Failure.Code)
	s.peers.hears(o.id, events.PaymentFailed)
	require.Equal(t, 1, s.sandbox.Count(`select count(*) from intents where order_id = $1 and status = 'canceled'`, o.id), "it can be paid by nobody any more")
	require.Zero(t, s.charges(o.id))
}

func TestCharge_ACancelledOrderVoidsItsChallenge(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.place("pm_card_threeDSecure2Required")
	s.becomes(o.id, "requires_action")
	s.sandbox.Fault(faults.Rule{
		Match: faults.Match{Method: http.MethodPost, Path: intents + "/*/cancel"}, Effect: faults.ErrorBefore, Unsaved: true, Count: 2,
	})
	s.peers.say(cancelled(t, o))
	s.becomes(o.id, "voided")
	require.Equal(t, 1, s.sandbox.Count(`select count(*) from intents where order_id = $1 and status = 'canceled'`, o.id))
	require.Empty(t, s.peers.types(o.id), "an order that has ended hears nothing")
}

// intent is the processor's identifier of the order's intent.
func (s *shop) intent(orderID string) (id string) {
	s.t.Helper()
	require.NoError(s.t, s.sandbox.DB.Pool.QueryRow(s.t.Context(), `select id from intents where order_id = $1`, orderID).Scan(&id))
	return id
}
