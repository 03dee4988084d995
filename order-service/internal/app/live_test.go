package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/config"
	"marketplace/shared/config/configtest"
	"marketplace/shared/testkit"
)

// followed is a service that follows its settings in Consul, and its log.
func followed(t *testing.T) (*shop, *configtest.Store, *testkit.Log) {
	t.Helper()
	consul, log := configtest.NewStore(t), &testkit.Log{}
	s := open(t, func(c *config.Config) {
		c.ConsulURL, c.LogOutput, c.LogFormat, c.LogLevel = consul.URL, log, "json", "info"
	})
	return s, consul, log
}

func TestSettings_ADeadlineAndALimitChangeInTheRunningService(t *testing.T) {
	t.Parallel()
	s, consul, log := followed(t)
	put := func(key, value, shown string) {
		t.Helper()
		consul.Put("config/order-service/"+key, value)
		testkit.Eventually(t, within, func() bool {
			return log.Lines("a setting has changed", `"key":"`+key+`"`, `"to":"`+shown+`"`) > 0
		}, key)
	}
	one, early, late := item(s.catalogue.lamp(), 1), s.customer(), s.customer()
	before := early.place(one)
	require.Equal(t, 15*time.Minute, before.DeadlineAt.Sub(before.PlacedAt))

	put("order_deadline", "2s", "2s")
	after := late.place(one)
	require.Equal(t, 2*time.Second, after.DeadlineAt.Sub(after.PlacedAt))
	require.Equal(t, "timed_out", late.await(after.ID, "cancelled").CancelReason.Code)
	require.Equal(t, "pending", early.get(before.ID).Status, "an order keeps the deadline that it was placed with")

	put("order_deadline", "20m", "20m0s")
	put("open_orders_per_customer", "1", "1")
	p := s.customer()
	p.place(one)
	limited(t, p.order(one, home), "too_many_open_orders")
	consul.Delete("config/order-service/open_orders_per_customer")
	testkit.Eventually(t, within, func() bool { return p.order(one, home).Status < 300 }, "the default is in force again")
}

func TestSettings_WhatNeedsARestartIsRefusedAndAnInvalidSetChangesNothing(t *testing.T) {
	t.Parallel()
	s, consul, log := followed(t)
	consul.Put("config/order-service/currencies", "USD")
	testkit.Eventually(t, within, func() bool { return log.Lines(`"level":"warn"`, "needs a restart", `"key":"currencies"`) == 1 })

	// The key of its charge might be forgotten before the deadline cancels an order: as at the start.
	consul.Put("config/order-service/order_deadline", "23h")
	testkit.Eventually(t, within, func() bool { return log.Lines(`"level":"warn"`, "order_deadline must be below stripe_key_life") == 1 })
	o := s.customer().place(item(s.catalogue.lamp(), 1))
	require.Equal(t, 15*time.Minute, o.DeadlineAt.Sub(o.PlacedAt))
}
