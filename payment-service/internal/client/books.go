package client

import (
	"context"
	"fmt"

	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/money"
)

// ToOurs converts an amount of a payment: domain.Payment.Ours.
type ToOurs = func(domain.ProcessorAmount) (money.Money, error)

// Books reads what moved after an intent took its money: every refund, whoever made it, and the dispute. The charge says what
// is refunded in all; a list that says otherwise was read while something moved, and is no certain answer. Amounts become our
// units by toOurs; one that cannot is an error.
func (s *Stripe) Books(ctx context.Context, intentID string, toOurs ToOurs) (domain.Books, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.PaymentIntentRetrieveParams{}
	p.AddExpand("latest_charge")
	in, err := s.api.V1PaymentIntents.Retrieve(ctx, intentID, p)
	if err != nil {
		return domain.Books{}, uncertain("read the books", err)
	}
	if in.LatestCharge == nil {
		return domain.Books{}, fmt.Errorf("read the books: %w: the intent has no charge", ErrUncertain)
	}
	books, done, pending, err := s.refundsOf(ctx, intentID, toOurs)
	if err != nil {
		return domain.Books{}, err
	}
	if all := in.LatestCharge.AmountRefunded; all < done || all > done+pending {
		return domain.Books{}, fmt.Errorf("read the books: %w: they changed meanwhile", ErrUncertain)
	}
	if in.LatestCharge.Disputed {
		books.Dispute, err = s.dispute(ctx, intentID)
	}
	return books, err
}

// refundsOf lists the refunds of an intent, with the sums of those that are done and pending, in the processor's units.
func (s *Stripe) refundsOf(ctx context.Context, intentID string, toOurs ToOurs) (books domain.Books, done, pending int64, err error) {
	p := &stripe.RefundListParams{PaymentIntent: stripe.String(intentID)}
	p.Limit = stripe.Int64(pageSize)
	for made, err := range s.api.V1Refunds.List(ctx, p).All(ctx) {
		if err != nil {
			return books, 0, 0, uncertain("read the books", err)
		}
		r := refundOf(made)
		switch r.State {
		case domain.RefundDone:
			done += made.Amount
		case domain.RefundPending:
			pending += made.Amount
		}
		amount, err := toOurs(r.Amount)
		if err != nil {
			return books, 0, 0, err
		}
		books.Refunds = append(books.Refunds, domain.Seen{
			ProviderID: r.ProviderID, RefundID: ours(r.RefundID), Amount: amount, State: r.State, Failure: r.Failure,
		})
	}
	return books, done, pending, nil
}

// dispute is the intent's dispute that stands worst: a charge may be disputed more than once. An inquiry is none: it takes no
// money and stops no refund.
func (s *Stripe) dispute(ctx context.Context, intentID string) (worst domain.Dispute, err error) {
	p := &stripe.DisputeListParams{PaymentIntent: stripe.String(intentID)}
	p.Limit = stripe.Int64(pageSize)
	rank := map[domain.DisputeState]int{domain.DisputeWon: 1, domain.DisputeLost: 2, domain.DisputeOpen: 3}
	for d, err := range s.api.V1Disputes.List(ctx, p).All(ctx) {
		if err != nil {
			return worst, uncertain("read the dispute", err)
		}
		if state := disputeState(d.Status); rank[state] > rank[worst.State] {
			worst = domain.Dispute{ID: d.ID, State: state}
		}
	}
	return worst, nil
}

func disputeState(s stripe.DisputeStatus) domain.DisputeState {
	switch s {
	case stripe.DisputeStatusNeedsResponse, stripe.DisputeStatusUnderReview:
		return domain.DisputeOpen
	case stripe.DisputeStatusLost:
		return domain.DisputeLost
	case stripe.DisputeStatusWon, stripe.DisputeStatusPrevented:
		return domain.DisputeWon
	}
	return ""
}
