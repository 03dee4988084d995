package money

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Split divides m in proportion to the weights, or returns ErrWeights. The parts add up to m exactly: each gets its
// share rounded towards zero, and the units left over go one each to the largest remainders, the earlier part first
// among equals. A part of weight 0 gets nothing.
func (m Money) Split(weights []int64) ([]Money, error) {
	total, err := sum(weights)
	if err != nil {
		return nil, err
	}
	whole := magnitude(m.Amount)
	shares, rest := make([]share, len(weights)), whole
	for i, w := range weights {
		// The share is at most the whole, so the quotient always fits: weight <= total.
		hi, lo := bits.Mul64(whole, uint64(w))
		units, remainder := bits.Div64(hi, lo, total)
		shares[i] = share{part: i, units: units, remainder: remainder}
		rest -= units
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.remainder, a.remainder) })
	parts := make([]Money, len(weights))
	for i, s := range shares {
		if uint64(i) < rest {
			s.units++
		}
		amount, _ := signed(s.units, m.Amount < 0)
		parts[s.part] = Money{Amount: amount, Currency: m.Currency}
	}
	return parts, nil
}

type share struct {
	part             int
	units, remainder uint64
}

func sum(weights []int64) (uint64, error) {
	var total uint64
	for _, w := range weights {
		if w < 0 || total+uint64(w) > math.MaxInt64 {
			return 0, ErrWeights
		}
		total += uint64(w)
	}
	if total == 0 {
		return 0, ErrWeights
	}
	return total, nil
}
