// Package rabbittest helps tests that stand in for another service at the broker.
package rabbittest

import (
	"context"
	"testing"
	"time"

	"marketplace/shared/rabbit"
	"marketplace/shared/testkit"
)

// Publish publishes messages as an outbox does: what the broker did not confirm, or what a broken connection left
// uncertain, is published again. A message may therefore arrive more than once, with the same id.
func Publish(t testing.TB, session *rabbit.Session, messages ...rabbit.Message) {
	t.Helper()
	left := messages
	testkit.Eventually(t, 30*time.Second, func() error {
		var failed error
		var unconfirmed []rabbit.Message
		for i, err := range session.Publish(context.Background(), left) {
			if err != nil {
				failed = err
				unconfirmed = append(unconfirmed, left[i])
			}
		}
		left = unconfirmed
		return failed
	})
}
