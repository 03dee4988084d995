package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSet_CountsDown(t *testing.T) {
	var s Set
	_, err := s.Add(Rule{Effect: ChargeThenDrop, Match: Match{Metadata: map[string]string{"payment_id": "p1"}}, Count: 2})
	require.NoError(t, err)
	about := Subject{Path: "/v1/payment_intents", Metadata: map[string]string{"payment_id": "p1"}}
	require.Equal(t, Plan{}, s.Plan(Subject{Metadata: map[string]string{"payment_id": "p2"}}))
	require.True(t, s.Plan(about).DropAfter)
	require.True(t, s.Plan(about).DropAfter)
	require.False(t, s.Plan(about).DropAfter, "used up")
	require.Equal(t, 2, s.Rules()[0].Hits)
	s.Clear()
	require.Empty(t, s.Rules())
}

func TestSet_RulesAddUp(t *testing.T) {
	var s Set
	for _, r := range []Rule{
		{Effect: DelayBefore, DelayMS: 10, Count: -1, Match: Match{Path: "/v1/payment_intents/*/cancel"}},
		{Effect: DelayBefore, DelayMS: 20, Count: -1},
		{Effect: ErrorAfter, Unsaved: true, Match: Match{Method: "POST", PaymentMethod: "pm_card_visa"}},
		{Effect: WebhookDuplicate, Match: Match{Event: "refund.created"}},
	} {
		_, err := s.Add(r)
		require.NoError(t, err)
	}
	require.Equal(t, Plan{DelayBefore: 30 * time.Millisecond}, s.Plan(Subject{Method: "POST", Path: "/v1/payment_intents/pi_1/cancel"}))
	require.Equal(t, Plan{DelayBefore: 20 * time.Millisecond, ErrorAfter: true, Unsaved: true},
		s.Plan(Subject{Method: "POST", PaymentMethod: "pm_card_visa"}))
	require.Equal(t, Delivery{Copies: 1}, s.Delivery(Subject{Event: "refund.failed"}))
	require.Equal(t, Delivery{Copies: 2}, s.Delivery(Subject{Event: "refund.created"}))
}

func TestSet_RefusesNonsense(t *testing.T) {
	var s Set
	for _, r := range []Rule{
		{Effect: "explode"},
		{Effect: DelayAfter, DelayMS: -1},
		{Effect: DelayAfter, DelayMS: 3_600_000},
		{Effect: DropBefore, Match: Match{Path: "[a"}},
		{Effect: DropBefore, Match: Match{Event: "refund.created"}},
	} {
		_, err := s.Add(r)
		require.Error(t, err, "%+v", r)
	}
}
