package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/shared/config/configtest"
	"marketplace/shared/testkit"
)

// followed is a service that follows its settings in Consul, and what puts a key there and waits until it is in force.
func followed(t *testing.T) (s *shop, consul *configtest.Store, log *testkit.Log, put func(key, value, shown string)) {
	t.Helper()
	consul, log = configtest.NewStore(t), &testkit.Log{}
	s = newShop(t)
	s.config.ConsulURL, s.config.LogOutput, s.config.LogFormat, s.config.LogLevel = consul.URL, log, "json", "info"
	s.run()
	return s, consul, log, func(key, value, shown string) {
		t.Helper()
		consul.Put("config/payment-service/"+key, value)
		testkit.Eventually(t, within, func() bool {
			return log.Lines("a setting has changed", `"key":"`+key+`"`, `"to":"`+shown+`"`) > 0
		}, key)
	}
}

func TestSettings_TimesAndLimitsChangeInTheRunningService(t *testing.T) {
	t.Parallel()
	s, _, _, put := followed(t)
	put("authentication_time", "2s", "2s")
	o := s.place("pm_card_threeDSecure2Required")
	require.Equal(t, "authentication_timeout", s.becomes(o.id, "failed").Failure.Code)

	put("refund_limit_support", "100", "100")
	o, d := s.captured("pm_card_visa")
	s.dispatch(o)
	refundIn(t, s.support().refund(d.ID, "small", some("100")), http.StatusCreated)
	require.Equal(t, "awaiting_confirmation", refundIn(t, s.support().refund(d.ID, "more", some("1")), http.StatusAccepted).Status)

	put("stripe_timeout", "1s", "1s")
	s.sandbox.Fault(faults.Rule{Match: faults.Match{Path: intents}, Effect: faults.DelayBefore, DelayMS: 4000})
	o = s.place("pm_card_visa")
	testkit.Eventually(t, within, func() bool {
		return s.count(`select count(*) from payments where order_id = $1 and uncertain`, o.id) == 1
	}, "the call ends before the processor answers, which takes less than the time of the start")
	s.becomes(o.id, "captured")
	require.Equal(t, 1, s.charges(o.id))
}

func TestSettings_WhatNeedsARestartIsRefusedAndAnInvalidSetChangesNothing(t *testing.T) {
	t.Parallel()
	_, consul, log, put := followed(t)
	consul.Put("config/payment-service/stripe_calls", "7")
	testkit.Eventually(t, within, func() bool { return log.Lines(`"level":"warn"`, "needs a restart", `"key":"stripe_calls"`) == 1 })

	put("order_deadline", "50m", "50m0s")
	// This process was started with a key's life of an hour, which the deadline's charge would outlive.
	consul.Put("config/payment-service/order_deadline", "1h")
	consul.Put("config/payment-service/authentication_time", "20m")
	testkit.Eventually(t, within, func() bool { return log.Lines("settings in Consul are invalid", "stripe_key_life") > 0 })
	require.Zero(t, log.Lines("a setting has changed", `"key":"order_deadline"`, `"to":"1h0m0s"`))
	require.Zero(t, log.Lines("a setting has changed", `"key":"authentication_time"`), "nor the one beside it")
}
