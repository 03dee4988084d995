package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"marketplace/shared/config"
	"marketplace/shared/strictjson"
)

// ErrWebhook refuses a delivery: forged, too old, from the future, or not readable.
var ErrWebhook = errors.New("the webhook is refused")

// WebhookTolerance is how far a delivery's time may be off, either way. A replay of an old one is as bad as a forgery.
const WebhookTolerance = 300 * time.Second

// Event is a hint that something happened at the processor. It may come twice, late, or after a later one: read the intent.
type Event struct {
	ID        string
	Type      string // as in payment_intent.succeeded
	Created   time.Time
	IntentID  string
	PaymentID string // ours, from the metadata; empty when the object is not one that we made
	RefundID  string // ours, of events about refunds
}

// VerifyWebhook checks a delivery's signature over its raw body, under any of the secrets (two are valid while one is being
// replaced), and its time, and says what it is about (https://docs.stripe.com/webhooks#verify-manually).
func VerifyWebhook(payload []byte, header string, secrets []config.Secret, now time.Time) (Event, error) {
	stamp, signatures, err := parseSignature(header)
	if err != nil {
		return Event{}, err
	}
	if !signed(payload, stamp, signatures, secrets) {
		return Event{}, fmt.Errorf("%w: no signature fits", ErrWebhook)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return Event{}, fmt.Errorf("%w: its time is not a number", ErrWebhook)
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > WebhookTolerance || off < -WebhookTolerance {
		return Event{}, fmt.Errorf("%w: its time is off by %s", ErrWebhook, off.Round(time.Second))
	}
	return parseEvent(payload)
}

// parseSignature reads t=1700000000,v1=hex,v1=hex. Other schemes are ignored.
func parseSignature(header string) (stamp string, signatures [][]byte, err error) {
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, sum)
			}
		}
	}
	if stamp == "" || len(signatures) == 0 {
		return "", nil, fmt.Errorf("%w: it is not signed", ErrWebhook)
	}
	return stamp, signatures, nil
}

func signed(payload []byte, stamp string, signatures [][]byte, secrets []config.Secret) bool {
	for _, secret := range secrets {
		if secret == "" {
			continue // would let everyone sign
		}
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write([]byte(stamp + "."))
		mac.Write(payload)
		want := mac.Sum(nil)
		for _, got := range signatures {
			if hmac.Equal(got, want) {
				return true
			}
		}
	}
	return false
}

// eventLimits are those of a delivery. What it holds beside the few fields that are read is the processor's own affair.
var eventLimits = strictjson.Limits{Depth: 32, Items: 1000, Properties: 1000}

func parseEvent(payload []byte) (Event, error) {
	if err := eventLimits.Valid(payload, nil); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrWebhook, err)
	}
	var in struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Created int64  `json:"created"`
		Data    struct {
			Object struct {
				ID            string            `json:"id"`
				Object        string            `json:"object"`
				PaymentIntent string            `json:"payment_intent"`
				Metadata      map[string]string `json:"metadata"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(payload, &in); err != nil || in.ID == "" || in.Type == "" {
		return Event{}, fmt.Errorf("%w: it is not an event", ErrWebhook)
	}
	about := in.Data.Object
	e := Event{
		ID: in.ID, Type: in.Type, Created: time.Unix(in.Created, 0), IntentID: about.PaymentIntent,
		PaymentID: about.Metadata[metaPayment], RefundID: about.Metadata[metaRefund],
	}
	if about.Object == "payment_intent" {
		e.IntentID = about.ID
	}
	return e, nil
}
