package domain

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"marketplace/shared/money"
)

func TestPlace_MergesLinesOfOneProductAndAddsUp(t *testing.T) {
	o, events, err := Place(placement(line("a", 1, 500), line("b", 2, 100), line("a", 3, 500)))
	require.NoError(t, err)
	require.Equal(t, Pending, o.Status)
	require.Equal(t, PaymentStatusProcessing, o.PaymentStatus)
	require.Equal(t, usd(2200), o.Total)
	require.Equal(t, 1, o.Version)
	require.Len(t, o.Lines, 2)
	require.Equal(t, "a", o.Lines[0].ProductID)
	require.EqualValues(t, 4, o.Lines[0].Quantity)
	require.Equal(t, usd(2000), o.Lines[0].Total)
	require.Len(t, events, 1)
	require.Equal(t, o, Fold(Order{}, events[0]), "the event alone makes the order")
}

func TestPlace_LeavesItsArgumentAlone(t *testing.T) {
	lines := []Line{line("a", 1, 50), line("a", 1, 50)}
	_, _, err := Place(placement(lines...))
	require.NoError(t, err)
	require.Equal(t, []Line{line("a", 1, 50), line("a", 1, 50)}, lines)
}

func TestPlace_Refuses(t *testing.T) {
	many := make([]Line, MaxLines+1)
	for i := range many {
		many[i] = line(strconv.Itoa(i), 1, 1)
	}
	_, _, err := Place(placement(many[:MaxLines]...))
	require.NoError(t, err)

	euro := line("e", 1, 1)
	euro.UnitPrice.Currency = "EUR"
	nowhere := line("n", 1, 1)
	nowhere.UnitPrice = money.Money{Amount: 1}
	for name, c := range map[string]struct {
		lines []Line
		want  error
	}{
		"no lines":                        {nil, ErrEmptyOrder},
		"101 lines":                       {many, ErrTooManyLines},
		"quantity 0":                      {[]Line{line("a", 0, 1)}, ErrQuantity},
		"negative quantity":               {[]Line{line("a", -1, 1)}, ErrQuantity},
		"a negative one hidden by merges": {[]Line{line("a", 5, 1), line("a", -1, 1)}, ErrQuantity},
		"quantity above the limit":        {[]Line{line("a", MaxQuantity+1, 1)}, ErrQuantity},
		"above the limit when merged":     {[]Line{line("a", MaxQuantity, 1), line("a", 1, 1)}, ErrQuantity},
		"a huge quantity":                 {[]Line{line("a", math.MaxInt64, 1), line("a", math.MaxInt64, 1)}, ErrQuantity},
		"price 0":                         {[]Line{line("a", 1, 0)}, ErrPrice},
		"negative price":                  {[]Line{line("a", 1, -1)}, ErrPrice},
		"no currency":                     {[]Line{nowhere}, ErrCurrency},
		"two currencies":                  {[]Line{line("a", 1, 1), euro}, ErrMixedCurrencies},
		"a total no card takes":           {[]Line{line("a", 1, 99_999_999), line("b", 1, 1)}, ErrTotalTooLarge},
		"a line that overflows":           {[]Line{line("a", 2, math.MaxInt64)}, ErrTotalTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			o, events, err := Place(placement(c.lines...))
			require.ErrorIs(t, err, c.want)
			require.Empty(t, events)
			require.Zero(t, o)
		})
	}
	late := placement(line("a", 1, 100))
	late.Deadline = late.PlacedAt
	_, _, err = Place(late)
	require.ErrorIs(t, err, ErrDeadline)
}

// Invariant 13 of the promises: the total is that of the lines, and each product has one line.
func TestPlace_TotalIsThatOfItsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Line {
			product := rapid.IntRange(1, 5).Draw(t, "product")
			return line(strconv.Itoa(product), rapid.Int64Range(-1, 400).Draw(t, "quantity"), int64(100*product))
		}), 0, 8).Draw(t, "lines")
		o, _, err := Place(placement(lines...))
		if err != nil {
			return
		}
		var total int64
		wanted := map[string]int64{}
		for _, l := range lines {
			total += l.Quantity * l.UnitPrice.Amount
			wanted[l.ProductID] += l.Quantity
		}
		require.Equal(t, usd(total), o.Total)
		require.Len(t, o.Lines, len(wanted))
		for _, l := range o.Lines {
			require.Equal(t, wanted[l.ProductID], l.Quantity)
			require.Equal(t, l.UnitPrice.Amount*l.Quantity, l.Total.Amount)
		}
	})
}

// What could never be charged would reserve stock until the deadline.
func TestPlace_OnlyATotalThatCanBeCharged(t *testing.T) {
	priced := func(currency string, amount, quantity int64) Line {
		l := line("a", quantity, amount)
		l.UnitPrice.Currency = currency
		return l
	}
	for _, c := range []struct {
		currency         string
		amount, quantity int64
		want             error
	}{
		{"USD", 49, 1, ErrTotalTooSmall},
		{"USD", 50, 1, nil},
		{"USD", 5, 10, nil}, // ten cheap items are fine
		{"USD", 99_999_999, 1, nil},
		{"USD", 50_000_000, 2, ErrTotalTooLarge},
		{"ISK", 1, 1, nil},
		{"ISK", 999_999, 1, nil},
		{"ISK", 500_000, 2, ErrTotalTooLarge},
		{"KWD", 5, 1, ErrTotalTooSmall},
		{"KWD", 1_005, 1, ErrTotalStep}, // a price from before the rule
		{"KWD", 1_005, 2, nil},
		{"MGA", 120, 1, ErrTotalStep},
		{"MGA", 120, 5, nil},
		{"GBP", 100, 1, ErrCurrency}, // taken from the list since the product was offered
		{"LYD", 100, 1, ErrCurrency},
	} {
		_, _, err := Place(placement(priced(c.currency, c.amount, c.quantity)))
		require.ErrorIs(t, err, c.want, "%+v", c)
		if c.want == nil {
			continue
		}
		var refused TotalError
		require.ErrorAs(t, err, &refused, "%+v", c)
		require.Equal(t, errors.Is(c.want, ErrCurrency), refused.Limits == money.Limits{}, "%+v", c)
	}
}
