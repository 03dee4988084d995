package repository_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/domain"
)

// A number that is taken is replaced by another one; the customer sees nothing of it.
func TestCreate_ANumberThatIsTakenIsReplaced(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var drawn uint64
	s.Random(func() uint64 { drawn++; return 7 + drawn/4 }) // 7 three times, then 8
	first, second := s.place(time.Hour), s.place(time.Hour)
	require.Equal(t, domain.Number(first.PlacedAt, 7), first.Number)
	if first.PlacedAt.YearDay() == second.PlacedAt.YearDay() { // not at midnight: then 7 is free again
		require.Equal(t, domain.Number(second.PlacedAt, 8), second.Number)
		require.EqualValues(t, 4, drawn)
	}
	s.sound(2)
}
