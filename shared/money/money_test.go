package money

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

func usd(amount int64) Money { return Money{Amount: amount, Currency: "USD"} }

func TestNew_TakesOnlyListedCodesInCapitals(t *testing.T) {
	for _, code := range []string{"USD", "EUR", "RUB", "JPY", "AED", "ZWG"} {
		m, err := New(-5, code)
		require.NoError(t, err, code)
		require.Equal(t, Money{Amount: -5, Currency: code}, m)
	}
	for _, code := range []string{"", "usd", "US", "USDT", "XXX", "XAU", "D A", " US", "ED ", "SD U", "USD "} {
		_, err := New(1, code)
		require.ErrorIs(t, err, ErrCurrency, code)
	}
	require.ErrorIs(t, Money{}.Validate(), ErrCurrency)
}

func TestRead_TakesACodeThatHasLeftTheList(t *testing.T) {
	for _, code := range []string{"USD", "BGN", "HRK"} {
		m, err := Read(5, code)
		require.NoError(t, err, code)
		require.Equal(t, Money{Amount: 5, Currency: code}, m)
	}
	for _, code := range []string{"", "usd", "US", "USDT", "U D", "ÄBC"} {
		_, err := Read(5, code)
		require.ErrorIs(t, err, ErrCurrency, code)
	}
}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Money
		want Money
		err  error
	}{
		{"sums", usd(1), usd(2), usd(3), nil},
		{"negative", usd(1), usd(-2), usd(-1), nil},
		{"the zero value is where a sum starts", Money{}, usd(2), usd(2), nil},
		{"and adds nothing", usd(2), Money{}, usd(2), nil},
		{"nothing and nothing", Money{}, Money{}, Money{}, nil},
		{"0 of a currency is not the zero value", Money{Currency: "EUR"}, usd(2), Money{}, ErrMismatch},
		{"currencies differ", usd(1), Money{Amount: 1, Currency: "EUR"}, Money{}, ErrMismatch},
		{"to the edge", usd(math.MaxInt64 - 1), usd(1), usd(math.MaxInt64), nil},
		{"over the edge", usd(math.MaxInt64), usd(1), Money{}, ErrOverflow},
		{"under the edge", usd(math.MinInt64), usd(-1), Money{}, ErrOverflow},
		{"0 at the edge", usd(math.MaxInt64), usd(0), usd(math.MaxInt64), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.a.Add(c.b)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestSub_RefusesWhatHasNoNegative(t *testing.T) {
	got, err := usd(5).Sub(usd(7))
	require.NoError(t, err)
	require.Equal(t, usd(-2), got)
	_, err = usd(0).Sub(usd(math.MinInt64))
	require.ErrorIs(t, err, ErrOverflow)
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		amount, n, want int64
		err             error
	}{
		{3, 4, 12, nil},
		{-3, 4, -12, nil},
		{-3, -4, 12, nil},
		{3, 0, 0, nil},
		{math.MinInt64, 1, math.MinInt64, nil},
		{math.MaxInt64, -1, -math.MaxInt64, nil},
		{math.MinInt64, -1, 0, ErrOverflow},
		{math.MaxInt64, 2, 0, ErrOverflow},
		{1 << 32, 1 << 32, 0, ErrOverflow},
		{1 << 32, -(1 << 31), math.MinInt64, nil},
	} {
		got, err := usd(c.amount).Times(c.n)
		require.ErrorIs(t, err, c.err, "%d times %d", c.amount, c.n)
		require.Equal(t, c.want, got.Amount, "%d times %d", c.amount, c.n)
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		amount  int64
		weights []int64
		want    []int64
	}{
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{101, []int64{1, 1, 1}, []int64{34, 34, 33}},
		{-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{10, []int64{1, 0, 3}, []int64{3, 0, 7}},
		{5, []int64{3, 3, 3, 1}, []int64{2, 2, 1, 0}},
		{0, []int64{2, 1}, []int64{0, 0}},
		{7, []int64{9}, []int64{7}},
		{math.MaxInt64, []int64{math.MaxInt64 - 1, 1}, []int64{math.MaxInt64 - 1, 1}},
	} {
		parts, err := usd(c.amount).Split(c.weights)
		require.NoError(t, err)
		got := make([]int64, len(parts))
		for i, p := range parts {
			require.Equal(t, "USD", p.Currency)
			got[i] = p.Amount
		}
		require.Equal(t, c.want, got, "%d by %v", c.amount, c.weights)
	}
	for _, weights := range [][]int64{nil, {}, {0, 0}, {1, -1}, {math.MaxInt64, 1}} {
		_, err := usd(1).Split(weights)
		require.ErrorIs(t, err, ErrWeights, "%v", weights)
	}
}

// The parts add up to the whole, and none is a unit or more away from its exact share.
func FuzzSplit(f *testing.F) {
	f.Add(int64(100), int64(1), int64(1), int64(1))
	f.Add(int64(math.MinInt64), int64(3), int64(0), int64(math.MaxInt64-3))
	f.Add(int64(-1), int64(1<<40), int64(1<<41), int64(7))
	f.Fuzz(func(t *testing.T, amount, a, b, c int64) {
		weights := []int64{a, b, c}
		parts, err := usd(amount).Split(weights)
		if err != nil {
			require.ErrorIs(t, err, ErrWeights)
			return
		}
		total := new(big.Int).Add(new(big.Int).Add(big.NewInt(a), big.NewInt(b)), big.NewInt(c))
		sum := Money{}
		for i, p := range parts {
			sum, err = sum.Add(p)
			require.NoError(t, err)
			// |part * total - amount * weight| < total
			off := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(p.Amount), total), new(big.Int).Mul(big.NewInt(amount), big.NewInt(weights[i])))
			require.Negative(t, off.CmpAbs(total))
		}
		require.Equal(t, usd(amount), sum)
	})
}

func FuzzTimes(f *testing.F) {
	f.Add(int64(math.MinInt64), int64(-1))
	f.Add(int64(1299), int64(3))
	f.Fuzz(func(t *testing.T, amount, n int64) {
		exact := new(big.Int).Mul(big.NewInt(amount), big.NewInt(n))
		got, err := usd(amount).Times(n)
		require.Equal(t, exact.IsInt64(), err == nil)
		if err == nil {
			require.Equal(t, exact.Int64(), got.Amount)
		}
	})
}

func TestMoney_WireShape(t *testing.T) {
	b, err := json.Marshal(usd(1299))
	require.NoError(t, err)
	require.JSONEq(t, `{"amount": 1299, "currency": "USD"}`, string(b))
	require.Equal(t, "1299 USD", usd(1299).String())
}
