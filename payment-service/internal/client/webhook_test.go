package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/sandbox/webhook"
	"marketplace/shared/config"
)

func TestVerifyWebhook_P25(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"evt_1","type":"payment_intent.succeeded","created":1700000000,"data":{"object":{"id":"pi_1","object":"payment_intent","metadata":{"payment_id":"p1"}}}}`)
	now := time.Unix(1700000000, 0)
	both := []config.Secret{"whsec_new", "whsec_old"}
	sign := func(secret string, at time.Time) string { return webhook.Sign(secret, at, body) }

	for name, header := range map[string]string{
		"the new secret":              sign("whsec_new", now),
		"the old one while rotating":  sign("whsec_old", now),
		"just not too old":            sign("whsec_new", now.Add(-300*time.Second)),
		"just not too early":          sign("whsec_new", now.Add(300*time.Second)),
		"one of several signatures":   strings.Replace(sign("whsec_new", now), "v1=", "v1=00,v0=ab,v1=", 1),
		"spaces between the elements": strings.ReplaceAll(sign("whsec_new", now), ",", ", "),
	} {
		e, err := client.VerifyWebhook(body, header, both, now)
		require.NoError(t, err, name)
		require.Equal(t, client.Event{
			ID: "evt_1", Type: "payment_intent.succeeded", Created: time.Unix(1700000000, 0), IntentID: "pi_1", PaymentID: "p1",
		}, e, name)
	}
	for name, header := range map[string]string{
		"no header":         "",
		"no signature":      "t=1700000000",
		"no time":           strings.TrimPrefix(sign("whsec_new", now), "t=1700000000,"),
		"another secret":    sign("whsec_forged", now),
		"too old":           sign("whsec_new", now.Add(-301*time.Second)),
		"from the future":   sign("whsec_new", now.Add(301*time.Second)),
		"the time replaced": strings.Replace(sign("whsec_new", now.Add(-time.Hour)), "t=1699996400", "t=1700000000", 1),
		"not hexadecimal":   "t=1700000000,v1=zz",
		"time no number":    "t=now,v1=00",
	} {
		_, err := client.VerifyWebhook(body, header, both, now)
		require.ErrorIs(t, err, client.ErrWebhook, name)
	}
	_, err := client.VerifyWebhook(append(body, ' '), sign("whsec_new", now), both, now)
	require.ErrorIs(t, err, client.ErrWebhook, "another body")
	_, err = client.VerifyWebhook(body, sign("", now), []config.Secret{""}, now)
	require.ErrorIs(t, err, client.ErrWebhook, "an empty secret verifies nothing")
	_, err = client.VerifyWebhook([]byte("[]"), webhook.Sign("whsec_new", now, []byte("[]")), both, now)
	require.ErrorIs(t, err, client.ErrWebhook, "signed, but no event")
}
