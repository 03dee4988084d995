package app_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/money"
	"marketplace/shared/testkit"
)

func usd(amount int64) money.Money { return money.Money{Amount: amount, Currency: "USD"} }

func TestPayment_AnOrderIsChargedAndRefunded(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.place("pm_card_visa")

	d := s.becomes(o.id, "captured")
	require.Equal(t, usd(o.amount), d.Captured)
	require.Equal(t, usd(0), d.Refunded)
	require.Equal(t, handler.Method{ID: "pm_card_visa", Brand: "visa", Last4: "4242"}, d.Method)
	require.Equal(t, o.customer, d.CustomerID)
	require.Len(t, d.Ledger, 1)
	s.peers.hears(o.id, events.PaymentCaptured)
	said := message[*eventsv1.PaymentCaptured](s.peers, o.id, events.PaymentCaptured)
	require.Equal(t, o.amount, said.GetAmount().GetAmount())
	require.Equal(t, d.ID, said.GetPaymentId())

	r := s.support().do(http.MethodPost, "/api/v1/payments/"+d.ID+"/refunds", `{"amount": {"amount": 299, "currency": "USD"}, "reason": "a scratch"}`, "Idempotency-Key", "k1")
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	var f handler.Refund
	require.NoError(t, json.Unmarshal([]byte(r.Body), &f))
	require.Equal(t, "pending", f.Status)
	require.Equal(t, usd(299), f.Amount)
	d = s.becomes(o.id, "partially_refunded")
	require.Equal(t, usd(299), d.Refunded)
	require.Equal(t, "done", d.Refunds[0].Status)
	require.Equal(t, "a scratch", d.Refunds[0].Reason)
	require.NotNil(t, d.Refunds[0].SettledAt)
	s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded)
	back := message[*eventsv1.PaymentRefunded](s.peers, o.id, events.PaymentRefunded)
	require.Equal(t, []int64{299, 299, o.amount}, []int64{back.GetAmount().GetAmount(), back.GetRefunded().GetAmount(), back.GetCaptured().GetAmount()})
	require.Equal(t, f.ID, back.GetRefundId())

	s.peers.say(cancelled(t, o))
	d = s.becomes(o.id, "refunded")
	require.Len(t, d.Refunds, 2)
	require.Len(t, d.Ledger, 3)
	require.Zero(t, d.Ledger[0].Amount.Amount+d.Ledger[1].Amount.Amount+d.Ledger[2].Amount.Amount)
	require.Equal(t, 1, s.charges(o.id))
	require.EqualValues(t, o.amount, s.refunded(o.id))
}

func TestPayment_ADeclinedCardFailsThePayment(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.place("pm_card_chargeDeclinedInsufficientFunds")
	d := s.becomes(o.id, "failed")
	require.Equal(t, "insufficient_funds", d.Failure.Code)
	require.Empty(t, d.Ledger)
	s.peers.hears(o.id, events.PaymentFailed)
	require.Equal(t, "insufficient_funds", message[*eventsv1.PaymentFailed](s.peers, o.id, events.PaymentFailed).GetCode())
	require.Zero(t, s.charges(o.id))

	unknown := s.place("pm_card_of_nobody")
	require.Equal(t, "failed", s.becomes(unknown.id, "failed").Status)
}

func TestPayment_ACancelledOrderNeverHeardOfIsATombstone(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := newOrder(s.somebody().id, "pm_card_visa")
	s.peers.say(cancelled(t, o))
	d := s.becomes(o.id, "voided")
	require.Equal(t, o.customer, d.CustomerID)
	require.Equal(t, usd(o.amount), d.Amount)
	s.peers.say(reserved(t, o))
	after := s.place("pm_card_visa") // of the same queue, after it
	s.becomes(after.id, "captured")
	require.Equal(t, "voided", s.payment(o.id).Status)
	require.Zero(t, s.charges(o.id))
}

func TestEvents_P11_WhatCannotBeReadIsParkedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	s := open(t)
	garbage, free, nobody, noOrder := reserved(t, newOrder(uuid.NewString(), "m")), newOrder(uuid.NewString(), "m"), newOrder("somebody", "m"), newOrder(uuid.NewString(), "m")
	garbage.Body, free.amount, noOrder.id = []byte("garbage"), 0, "42"
	o := newOrder(uuid.NewString(), "pm_card_visa")
	s.peers.say(garbage, reserved(t, free), reserved(t, nobody), reserved(t, noOrder), reserved(t, newOrder(uuid.NewString(), "")), reserved(t, o))
	s.becomes(o.id, "captured")
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from parked where status = 'waiting'`) == 5 })
	require.Equal(t, 1, s.count(`select count(*) from payments`), "what is parked leaves nothing behind")
}
