package domain

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNumber_IsTheDayAndARandomPart(t *testing.T) {
	late := time.Date(2026, 11, 28, 23, 59, 0, 0, time.FixedZone("", -3600)) // the next day in UTC
	require.Equal(t, "261129-0000000", Number(late, 0))
	require.Equal(t, "261129-ZZZZZZZ", Number(late, math.MaxUint64))
	require.NotEqual(t, Number(late, 1), Number(late, 2))
}
