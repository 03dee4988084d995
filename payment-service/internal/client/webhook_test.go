package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/payment-service/internal/sandbox/webhook"
	"marketplace/shared/config"
	"marketplace/shared/testkit"
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

// Even the processor's own signature does not make text of what is none: a repeated name would be merged, half a pair replaced.
func TestVerifyWebhook_WhatCannotBeReadInOneWayOnlyIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	for name, object := range map[string]string{
		"not UTF-8":             "{\"id\":\"pi_\xff\"}",
		"half a surrogate pair": `{"id":"pi_\ud83d"}`,
		"a repeated name":       `{"id":"pi_1","id":"pi_2"}`,
		"nested without end":    strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000),
		"items without end":     `[` + strings.Repeat(`0,`, 50_000) + `0]`,
	} {
		body := []byte(`{"id":"evt_1","type":"payment_intent.succeeded","created":1700000000,"data":{"object":{"id":"pi_1"},"other":` + object + `}}`)
		_, err := client.VerifyWebhook(body, webhook.Sign("whsec_new", now, body), []config.Secret{"whsec_new"}, now)
		require.ErrorIs(t, err, client.ErrWebhook, name)
	}
	body := []byte(`{"id":"evt_1","type":"payment_intent.succeeded","created":1700000000,"data":{"object":{"id":"pi_1","customer":null}}}`)
	_, err := client.VerifyWebhook(body, webhook.Sign("whsec_new", now, body), []config.Secret{"whsec_new"}, now)
	require.NoError(t, err, "the processor's own null")
}

func TestWebhooks_EventsOfALife(t *testing.T) {
	t.Parallel()
	endpoint := sandboxtest.NewEndpoint(t)
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.WebhookURL = endpoint.URL })
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	s.Authenticate(asked.IntentID, true)
	_, err = a.Refund(t.Context(), refund("r1", asked.IntentID, 1299))
	require.NoError(t, err)
	_, err = a.Charge(t.Context(), charge("p2", "pm_card_chargeDeclined"))
	require.NoError(t, err)

	want := []string{
		"payment_intent.requires_action", "payment_intent.succeeded", "refund.created", "charge.refunded",
		"payment_intent.payment_failed",
	}
	testkit.Eventually(t, time.Minute, func() bool { return len(endpoint.Got()) == len(want) })
	require.ElementsMatch(t, want, endpoint.Types())
	for _, d := range endpoint.Got() {
		e, err := client.VerifyWebhook(d.Body, d.Signature, []config.Secret{sandboxtest.WebhookSecret}, time.Now())
		require.NoError(t, err)
		require.Equal(t, d.ID, e.ID)
		require.NotEmpty(t, e.IntentID)
		switch e.Type {
		case "refund.created":
			require.Equal(t, "r1", e.RefundID)
			require.Equal(t, asked.IntentID, e.IntentID)
		case "payment_intent.payment_failed":
			require.Equal(t, "p2", e.PaymentID)
		default:
			require.Equal(t, asked.IntentID, e.IntentID)
			require.Equal(t, "p1", e.PaymentID)
		}
	}
}
