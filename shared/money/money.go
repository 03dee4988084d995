package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

var (
	// ErrCurrency means a code that ISO 4217 does not list, or does not list in capitals.
	ErrCurrency = errors.New("money: not an ISO 4217 currency code")
	// ErrMismatch means two currencies in one operation.
	ErrMismatch = errors.New("money: currencies differ")
	// ErrOverflow means a result outside int64.
	ErrOverflow = errors.New("money: amount out of range")
	// ErrWeights means weights by which nothing can be split: none, a negative one, or a sum that is zero or out of range.
	ErrWeights = errors.New("money: weights must not be negative and must have a positive sum")
)

// Money is an amount in the minor unit of a currency. It is also the wire shape of money everywhere.
// Amounts may be negative: a ledger books a refund as one.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217" example:"USD"`
}

// New returns the amount in the currency, or ErrCurrency.
func New(amount int64, currency string) (Money, error) {
	m := Money{Amount: amount, Currency: currency}
	return m, m.Validate()
}

// Read returns an amount that was agreed on before, perhaps by another build: the code needs the form of one, but may have left
// ISO's list since, and what was paid in it still has to be booked. Its error is ErrCurrency.
func Read(amount int64, currency string) (Money, error) {
	m := Money{Amount: amount, Currency: currency}
	if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return m, ErrCurrency
	}
	return m, nil
}

// Validate returns ErrCurrency unless the currency is a code that ISO 4217 lists. The zero value is not valid.
func (m Money) Validate() error {
	if !known(m.Currency) {
		return ErrCurrency
	}
	return nil
}

// IsZero says whether the amount is 0, in whatever currency.
func (m Money) IsZero() bool { return m.Amount == 0 }

// Add returns m + n, ErrMismatch or ErrOverflow. The zero value adds to anything.
func (m Money) Add(n Money) (Money, error) {
	switch {
	case m == Money{}:
		return n, nil
	case n == Money{}:
		return m, nil
	case m.Currency != n.Currency:
		return Money{}, fmt.Errorf("%w: %s and %s", ErrMismatch, m.Currency, n.Currency)
	}
	sum := m.Amount + n.Amount
	if (sum > m.Amount) != (n.Amount > 0) {
		return Money{}, ErrOverflow
	}
	return Money{Amount: sum, Currency: m.Currency}, nil
}

// Sub returns m - n, ErrMismatch or ErrOverflow.
func (m Money) Sub(n Money) (Money, error) {
	if n.Amount == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return m.Add(n.Neg())
}

// Neg returns -m. The smallest int64 has no negative and stays as it is; Sub refuses it.
func (m Money) Neg() Money { return Money{Amount: -m.Amount, Currency: m.Currency} }

// Times returns m taken n times, or ErrOverflow.
func (m Money) Times(n int64) (Money, error) {
	hi, lo := bits.Mul64(magnitude(m.Amount), magnitude(n))
	amount, ok := signed(lo, (m.Amount < 0) != (n < 0))
	if hi != 0 || !ok {
		return Money{}, ErrOverflow
	}
	return Money{Amount: amount, Currency: m.Currency}, nil
}

// String is for logs: "1299 USD", in minor units.
func (m Money) String() string { return strconv.FormatInt(m.Amount, 10) + " " + m.Currency }

// magnitude is |n|, for the smallest int64 too.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// signed puts a sign before a magnitude; false when int64 cannot hold it.
func signed(magnitude uint64, negative bool) (int64, bool) {
	if negative {
		return -int64(magnitude), magnitude <= 1<<63
	}
	return int64(magnitude), magnitude <= math.MaxInt64
}
