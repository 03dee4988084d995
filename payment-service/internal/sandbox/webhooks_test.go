package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/testkit"
)

func TestWebhooks_Misbehave(t *testing.T) {
	t.Parallel()
	endpoint := sandboxtest.NewEndpoint(t)
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.WebhookURL = endpoint.URL })
	about := func(id string) faults.Match { return faults.Match{Metadata: map[string]string{"payment_id": id}} }
	s.Fault(faults.Rule{Effect: faults.WebhookDuplicate, Match: about("twice")})
	s.Fault(faults.Rule{Effect: faults.WebhookDrop, Match: about("never")})
	s.Fault(faults.Rule{Effect: faults.WebhookDelay, DelayMS: 700, Match: about("late")})
	s.Fault(faults.Rule{Effect: faults.WebhookReorder, Match: about("turned")})

	began := time.Now()
	for _, id := range []string{"twice", "never", "late"} {
		require.Equal(t, 200, call("POST", s.URL+"/v1/payment_intents", "", payment(id, "pm_card_visa")).status)
	}
	turned := call("POST", s.URL+"/v1/payment_intents", "", payment("turned", "pm_card_threeDSecure2Required"))
	s.Authenticate(turned.json["id"].(string), true)

	byPayment := map[string][]sandboxtest.Delivery{}
	testkit.Eventually(t, time.Minute, func() bool {
		clear(byPayment)
		for _, d := range endpoint.Got() {
			var event struct {
				Data struct {
					Object struct{ Metadata map[string]string }
				}
			}
			require.NoError(t, json.Unmarshal(d.Body, &event))
			id := event.Data.Object.Metadata["payment_id"]
			byPayment[id] = append(byPayment[id], d)
		}
		return len(byPayment["twice"]) == 2 && len(byPayment["late"]) == 1 && len(byPayment["turned"]) == 2
	})
	require.Equal(t, byPayment["twice"][0].ID, byPayment["twice"][1].ID)
	require.Empty(t, byPayment["never"])
	require.GreaterOrEqual(t, byPayment["late"][0].At.Sub(began), 700*time.Millisecond)
	require.Equal(t, "payment_intent.succeeded", byPayment["turned"][0].Type)
	require.Equal(t, "payment_intent.requires_action", byPayment["turned"][1].Type)
}

func TestWebhooks_EndpointAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	endpoint := sandboxtest.NewEndpoint(t)
	endpoint.Answer(http.StatusServiceUnavailable)
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.WebhookURL = endpoint.URL })
	require.Equal(t, 200, call("POST", s.URL+"/v1/payment_intents", "", payment("p1", "pm_card_visa")).status)
	testkit.Eventually(t, time.Minute, func() bool {
		return s.Count(`SELECT count(*) FROM events WHERE attempts > 0 AND closed_at IS NULL`) == 1
	})
	endpoint.Answer(http.StatusOK)
	testkit.Eventually(t, time.Minute, func() bool { return len(endpoint.Got()) == 1 })
	testkit.Eventually(t, time.Minute, func() bool { return s.Count(`SELECT count(*) FROM events WHERE closed_at IS NULL`) == 0 })
}
