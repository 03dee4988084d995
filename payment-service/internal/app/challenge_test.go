package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/shared/testkit"
)

// pays reserves the stock of an order of a person.
func (p *person) pays(method string) order {
	p.shop.t.Helper()
	o := newOrder(p.id, method)
	p.shop.peers.say(reserved(p.shop.t, o))
	return o
}

func (p *person) reads(paymentID string) (handler.Detail, reply) {
	p.shop.t.Helper()
	r := p.do(http.MethodGet, "/api/v1/payments/"+paymentID, "")
	require.Equal(p.shop.t, http.StatusOK, r.Status, r.Body)
	var d handler.Detail
	require.NoError(p.shop.t, json.Unmarshal([]byte(r.Body), &d))
	return d, r
}

// finishes does what Stripe.js does with a client secret, which begins with the intent's identifier.
func (s *shop) finishes(clientSecret string, passed bool) {
	s.t.Helper()
	intent, _, ok := strings.Cut(clientSecret, "_secret_")
	require.True(s.t, ok)
	s.sandbox.Authenticate(intent, passed)
}

func TestChallenge_TheCustomerFinishes3DSecureAndPays(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, method := range []string{"pm_card_authenticationRequired", "pm_card_threeDSecure2Required", "pm_card_threeDSecureRequired"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			customer := s.somebody()
			o := customer.pays(method)
			id := s.becomes(o.id, "requires_action").ID

			d, r := customer.reads(id)
			require.NotNil(t, d.NextAction, r.Body)
			require.Equal(t, "use_stripe_sdk", d.NextAction.Type)
			require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
			s.finishes(d.NextAction.ClientSecret, true)

			require.Equal(t, o.amount, s.becomes(o.id, "captured").Captured.Amount)
			d, _ = customer.reads(id)
			require.Nil(t, d.NextAction)
			require.Equal(t, 1, s.charges(o.id))
		})
	}
}

func TestChallenge_ACardThatIsDeclinedAfterwardsFailsThePayment(t *testing.T) {
	t.Parallel()
	s := open(t)
	customer := s.somebody()
	for method, passed := range map[string]bool{"pm_card_threeDSecureRequiredChargeDeclined": true, "pm_card_authenticationRequired": false} {
		o := customer.pays(method)
		d, _ := customer.reads(s.becomes(o.id, "requires_action").ID)
		s.finishes(d.NextAction.ClientSecret, passed)
		s.becomes(o.id, "failed")
		d, _ = customer.reads(d.ID)
		require.Nil(t, d.NextAction)
		require.Zero(t, s.charges(o.id))
	}
}

func TestChallenge_P32_NobodyButTheCustomerSeesTheSecret(t *testing.T) {
	t.Parallel()
	s := open(t)
	customer := s.somebody()
	o := customer.pays("pm_card_authenticationRequired")
	id := s.becomes(o.id, "requires_action").ID
	own, _ := customer.reads(id)
	secret := own.NextAction.ClientSecret

	for _, staff := range []*person{s.support(), s.somebody("admin")} {
		d, r := staff.reads(id)
		require.Equal(t, "requires_action", d.Status)
		require.Nil(t, d.NextAction)
		require.NotContains(t, r.Body, secret)
	}
	stranger := s.somebody().do(http.MethodGet, "/api/v1/payments/"+id, "")
	require.Equal(t, http.StatusNotFound, stranger.Status)
	require.NotContains(t, stranger.Body, secret)
	require.NotContains(t, customer.do(http.MethodGet, "/api/v1/payments?order_id="+o.id, "").Body, secret)
	require.Zero(t, s.count(`select count(*) from payments p where p::text like '%' || $1 || '%'`, secret), "it is stored nowhere")

	paid := customer.pays("pm_card_visa")
	d, _ := customer.reads(s.becomes(paid.id, "captured").ID)
	require.Nil(t, d.NextAction)
}

func TestChallenge_P49_APaymentIsShownWhileTheProcessorIsAway(t *testing.T) {
	t.Parallel()
	s := open(t)
	customer := s.somebody()
	id := s.becomes(customer.pays("pm_card_authenticationRequired").id, "requires_action").ID
	s.sandbox.Fault(faults.Rule{Match: faults.Match{Method: http.MethodGet, Path: intents + "/*"}, Effect: faults.DropBefore, Count: -1})
	d, _ := customer.reads(id)
	require.Equal(t, "requires_action", d.Status)
	require.Nil(t, d.NextAction)
	s.sandbox.ForgetFaults()
	testkit.Eventually(t, within, func() bool {
		d, _ := customer.reads(id)
		return d.NextAction != nil
	})
}
