package domain

import "marketplace/shared/money"

// TotalError refuses an order that no card payment could pay. It says what could.
type TotalError struct {
	Reason     error        // ErrCurrency, ErrTotalTooSmall, ErrTotalTooLarge or ErrTotalStep
	Limits     money.Limits // of the currency; zero with ErrCurrency
	Currencies []string     // those that the shop takes, with ErrCurrency
}

func (e TotalError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason.
func (e TotalError) Unwrap() error { return e.Reason }

// payable refuses a total that cannot be charged: it would reserve stock and could never be paid.
func payable(total money.Money, l money.Limits) error {
	switch {
	case total.Amount > l.Max:
		return TotalError{Reason: ErrTotalTooLarge, Limits: l}
	case total.Amount < l.Min:
		return TotalError{Reason: ErrTotalTooSmall, Limits: l}
	case !l.Multiple(total.Amount):
		return TotalError{Reason: ErrTotalStep, Limits: l}
	}
	return nil
}
