package domain

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func supply(t *testing.T, received ...[]Line) Supply {
	s, err := NewSupply("s", "w", "Acme", &deadline, []Line{{"a", 3}, {"b", 1}, {"a", 2}})
	require.NoError(t, err)
	for _, lines := range received {
		s, _, err = s.Receive(lines)
		require.NoError(t, err)
	}
	return s
}

func TestSupply_ComesInPartsUntilAllIsThere(t *testing.T) {
	s := supply(t)
	require.Equal(t, SupplyExpected, s.Status)
	require.Equal(t, []SupplyLine{{"a", 5, 0}, {"b", 1, 0}}, s.Lines)

	part, out, err := s.Receive([]Line{{"a", 1}, {"a", 1}})
	require.NoError(t, err)
	require.Equal(t, SupplyPartiallyReceived, part.Status)
	require.Equal(t, []SupplyLine{{"a", 5, 2}, {"b", 1, 0}}, part.Lines)
	require.Equal(t, []Delta{{Key: key("a", "w"), OnHand: 2}}, out.Deltas)
	require.Equal(t, []Movement{{Key: key("a", "w"), Kind: MovementSupply, Quantity: 2, Cause: "s"}}, out.Movements)
	require.Zero(t, s.Lines[0].Received, "the supply before stays as it was")

	whole, _, err := part.Receive([]Line{{"b", 1}, {"a", 3}})
	require.NoError(t, err)
	require.Equal(t, SupplyReceived, whole.Status)
}

func TestSupply_ReceivesAllLinesOrNone(t *testing.T) {
	s := supply(t, []Line{{"a", 4}})
	for name, c := range map[string]struct {
		lines []Line
		want  error
	}{
		"more than was ordered": {[]Line{{"b", 1}, {"a", 2}}, ErrOverReceipt},
		"more in two lines":     {[]Line{{"a", 1}, {"a", 1}}, ErrOverReceipt},
		"another product":       {[]Line{{"b", 1}, {"c", 1}}, ErrNotOnSupply},
		"quantity 0":            {[]Line{{"b", 1}, {"a", 0}}, ErrQuantity},
		"no lines":              {nil, ErrNoLines},
	} {
		after, out, err := s.Receive(c.lines)
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, s, after, name)
		require.Zero(t, out, name)
	}
}

func TestSupply_EveryStateAndCommand(t *testing.T) {
	cancelled, err := supply(t, []Line{{"a", 1}}).Cancel()
	require.NoError(t, err)
	for _, c := range []struct {
		s               Supply
		status          SupplyStatus
		receive, cancel error
	}{
		{supply(t), SupplyExpected, nil, nil},
		{supply(t, []Line{{"a", 1}}), SupplyPartiallyReceived, nil, nil},
		{supply(t, []Line{{"a", 4}, {"b", 1}}, []Line{{"a", 1}}), SupplyReceived, ErrSupplyClosed, ErrSupplyClosed},
		{cancelled, SupplyCancelled, ErrSupplyClosed, nil},
	} {
		require.Equal(t, c.status, c.s.Status)
		_, _, err := c.s.Receive([]Line{{"a", 1}})
		require.ErrorIs(t, err, c.receive, c.status)
		after, err := c.s.Cancel()
		require.ErrorIs(t, err, c.cancel, c.status)
		if c.cancel == nil {
			require.Equal(t, SupplyCancelled, after.Status)
			require.Equal(t, c.s.Lines, after.Lines, "what came stays")
		}
	}
}

func TestNewSupply_Refuses(t *testing.T) {
	for _, lines := range [][]Line{{{"a", 0}}, {{"a", maxQuantity}, {"a", 1}}, {{"a", math.MaxInt64}, {"a", math.MaxInt64}, {"a", 3}}} {
		_, err := NewSupply("s", "w", "Acme", nil, lines)
		require.ErrorIs(t, err, ErrQuantity)
	}
	_, err := NewSupply("s", "w", "Acme", nil, nil)
	require.ErrorIs(t, err, ErrNoLines)
}
