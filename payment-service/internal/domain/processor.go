package domain

import (
	"errors"
	"fmt"
	"strings"

	"marketplace/shared/money"
)

// ErrInexact means an amount that cannot be said exactly in the other units. It is never rounded.
var ErrInexact = errors.New("the amount cannot be said exactly in the other units")

// ProcessorAmount is money in the card processor's own units and its own spelling of the currency. What is ours is
// money.Money; only the adapter knows how one becomes the other.
type ProcessorAmount struct {
	Amount   int64
	Currency string
}

// Convert is what the processor is asked for instead of an amount of ours, or why it can never be asked for it.
type Convert = func(money.Money) (ProcessorAmount, *Failure)

// convert asks for our own units where nobody says how to convert.
func (r Rules) convert(m money.Money) (ProcessorAmount, *Failure) {
	if r.Convert == nil {
		return unconverted(m), nil
	}
	return r.Convert(m)
}

func unconverted(m money.Money) ProcessorAmount {
	return ProcessorAmount{Amount: m.Amount, Currency: strings.ToLower(m.Currency)}
}

// Charge is what the processor is asked for. It was decided when the attempt was marked, and is the same for every repetition,
// whatever this build would make of the amount. A build from before amounts were converted asked for our own units.
func (p Payment) Charge() ProcessorAmount {
	if p.Asked == (ProcessorAmount{}) {
		return unconverted(p.Amount)
	}
	return p.Asked
}

// Theirs is a part of the payment in the processor's units, at the rate at which the payment was asked for. A part that is finer
// than cards are charged in the currency is ErrInexact.
func (p Payment) Theirs(m money.Money) (ProcessorAmount, error) {
	charge := p.Charge()
	amount, err := scale(m.Amount, p.Amount.Amount, charge.Amount)
	if err != nil || m.Currency != p.Amount.Currency || chargeableStep(m) != nil {
		return ProcessorAmount{}, fmt.Errorf("%w: %s of %s", ErrInexact, m, p.Amount)
	}
	return ProcessorAmount{Amount: amount, Currency: charge.Currency}, nil
}

// chargeableStep is ErrInexact for an amount that is finer than cards are charged in its currency.
func chargeableStep(m money.Money) error {
	if l, ok := money.CardLimits(m.Currency); ok && !l.Multiple(m.Amount) {
		return ErrInexact
	}
	return nil
}

// Ours is an amount that the processor says of the payment, in our units, at the same rate.
func (p Payment) Ours(a ProcessorAmount) (money.Money, error) {
	charge := p.Charge()
	amount, err := scale(a.Amount, charge.Amount, p.Amount.Amount)
	if err != nil || a.Currency != charge.Currency {
		return money.Money{}, fmt.Errorf("%w: the processor's %d %s of %d %s", ErrInexact, a.Amount, a.Currency, charge.Amount, charge.Currency)
	}
	return money.Money{Amount: amount, Currency: p.Amount.Currency}, nil
}

// scale converts between two units of which from is as much as to: one of them is a whole number of the other.
func scale(amount, from, to int64) (int64, error) {
	switch {
	case from <= 0 || to <= 0:
	case to%from == 0:
		m, err := money.Money{Amount: amount}.Times(to / from)
		return m.Amount, err
	case from%to == 0 && amount%(from/to) == 0:
		return amount / (from / to), nil
	}
	return 0, ErrInexact
}
