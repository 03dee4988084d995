package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/domain"
)

func TestLimits_P60_NoMoreOrdersWaitThanMayBeOpen(t *testing.T) {
	limits := domain.Limits{OpenOrders: 2}
	require.NoError(t, limits.AdmitBehind(1))
	require.Equal(t, domain.LimitError{Reason: domain.ErrOpenOrders, Limit: 2, Wait: time.Second}, limits.AdmitBehind(2))
}

func TestLimits_P60_WhatAnOrderIsRefusedFor(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	limits := domain.Limits{
		OpenOrders: 2, OpenUnits: 10, Declines: 3, Window: time.Hour, DeclinesPerAddress: 5, AddressWindow: 15 * time.Minute,
	}
	for name, c := range map[string]struct {
		standing domain.Standing
		units    int64
		want     error // nil: admitted
		limit    int64
		wait     time.Duration
	}{
		"nothing counts":        {units: 10},
		"one more order":        {standing: domain.Standing{Orders: 1, Units: 9, Ends: now}, units: 1},
		"more than ever":        {units: 11, want: domain.ErrTooManyUnits, limit: 10},
		"orders":                {domain.Standing{Orders: 2, Units: 2, Ends: now.Add(5 * time.Second)}, 1, domain.ErrOpenOrders, 2, 5 * time.Second},
		"orders for long":       {domain.Standing{Orders: 2, Units: 2, Ends: now.Add(time.Hour)}, 1, domain.ErrOpenOrders, 2, time.Minute},
		"an overdue order":      {domain.Standing{Orders: 2, Units: 2, Ends: now.Add(-time.Hour)}, 1, domain.ErrOpenOrders, 2, time.Second},
		"units":                 {domain.Standing{Orders: 1, Units: 9, Ends: now.Add(time.Hour)}, 2, domain.ErrOpenUnits, 10, time.Minute},
		"declines":              {domain.Standing{Declined: now.Add(-5 * time.Minute)}, 1, domain.ErrDeclines, 3, 55 * time.Minute},
		"declines there":        {domain.Standing{DeclinedThere: now.Add(-time.Second)}, 1, domain.ErrDeclinesThere, 5, 15*time.Minute - time.Second},
		"declines of long ago":  {standing: domain.Standing{Declined: now.Add(-time.Hour), DeclinedThere: now.Add(-15 * time.Minute)}, units: 1},
		"declines before units": {domain.Standing{Orders: 9, Units: 9, Declined: now}, 9, domain.ErrDeclines, 3, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			err := limits.Admit(c.standing, c.units, now)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			refused, ok := errors.AsType[domain.LimitError](err)
			require.True(t, ok)
			require.Equal(t, domain.LimitError{Reason: c.want, Limit: c.limit, Wait: c.wait}, refused)
		})
	}
}
