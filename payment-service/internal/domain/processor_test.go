package domain

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/money"
)

func TestAttempt_KeepsTheAmountThatItConverted(t *testing.T) {
	r := rules
	r.Convert = func(m money.Money) (ProcessorAmount, *Failure) {
		return ProcessorAmount{Amount: m.Amount * 100, Currency: "isk"}, nil
	}
	p, _, err := r.Decide(New("p", "o"), StockReserved{CustomerID: "c", Amount: money.Money{Amount: 5, Currency: "ISK"}, Method: "m"})
	require.NoError(t, err)
	p, out, err := r.Decide(p, Due{})
	require.NoError(t, err)
	require.Equal(t, AskCharge, out.Ask)
	require.Equal(t, ProcessorAmount{Amount: 500, Currency: "isk"}, p.Charge())

	r.Convert = func(money.Money) (ProcessorAmount, *Failure) { // another build, with another table
		return ProcessorAmount{}, &Failure{Code: "currency_unsupported"}
	}
	p, out, err = r.Decide(p, Due{})
	require.NoError(t, err)
	require.Equal(t, AskCharge, out.Ask)
	require.Equal(t, ProcessorAmount{Amount: 500, Currency: "isk"}, p.Charge(), "the same request as before")
	back, err := p.Ours(ProcessorAmount{Amount: 300, Currency: "isk"})
	require.NoError(t, err)
	require.Equal(t, money.Money{Amount: 3, Currency: "ISK"}, back)
	for _, said := range []ProcessorAmount{{Amount: 350, Currency: "isk"}, {Amount: 300, Currency: "usd"}} {
		_, err = p.Ours(said)
		require.ErrorIs(t, err, ErrInexact)
	}
}

func TestAttempt_WhatCanNeverBeChargedFailsAtOnce(t *testing.T) {
	r := rules
	r.Convert = func(money.Money) (ProcessorAmount, *Failure) {
		return ProcessorAmount{}, &Failure{Code: "currency_unsupported"}
	}
	p, _, err := r.Decide(New("p", "o"), reserved)
	require.NoError(t, err)
	p, out, err := r.Decide(p, Due{})
	require.NoError(t, err)
	require.Equal(t, AskNothing, out.Ask)
	require.Equal(t, []Message{PaymentFailed{Failure: Failure{Code: "currency_unsupported"}}}, out.Messages)
	require.Equal(t, StatusFailed, p.Status())
	require.True(t, out.Next.Never)
}

// A build from before the conversion has asked for our own units, and is repeated in them.
func TestCharge_OfAnAttemptFromBeforeTheConversion(t *testing.T) {
	p := Payment{Amount: money.Money{Amount: 500, Currency: "ISK"}, State: Called}
	require.Equal(t, ProcessorAmount{Amount: 500, Currency: "isk"}, p.Charge())
}
