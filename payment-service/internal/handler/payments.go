package handler

import (
	"context"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/web"
)

type listInput struct {
	web.Page
	OrderID web.ID `query:"order_id" doc:"Only the payment of this order"`
	Refunds string `query:"refunds" enum:"awaiting_confirmation,needs_attention" doc:"For the staff: only payments with a refund in this state; not together with order_id"`
}

type listOutput struct{ Body web.List[Payment] }

var errStaffOnly = fault.New(fault.Forbidden, "forbidden", "This is for the staff.")

var errInvalid = fault.New(fault.Invalid, "invalid", "The request has invalid parts.")

func (h *Payments) list(ctx context.Context, in *listInput) (*listOutput, error) {
	who, _ := auth.From(ctx)
	q := domain.Query{OrderID: string(in.OrderID), Limit: in.Limit}
	if !staff(who) {
		q.CustomerID = who.UserID
	}
	if in.Refunds != "" {
		if q.Refunds = domain.RefundState(in.Refunds); q.CustomerID != "" {
			return nil, errStaffOnly
		}
		if in.OrderID != "" {
			return nil, errInvalid.WithField("query.refunds", "is not for one order")
		}
	}
	cursor := web.NewCursor[web.ID]("payments.1", in, q.CustomerID)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	q.After = string(after)
	page, more, err := h.Reading.List(ctx, q)
	if err != nil {
		return nil, refuse(err)
	}
	items := make([]Payment, len(page))
	for i, v := range page {
		items[i] = paymentShape(v)
	}
	next := ""
	if more {
		next = cursor.Encode(web.ID(page[len(page)-1].ID))
	}
	return &listOutput{Body: web.NewList(items, next)}, nil
}

type getInput struct {
	ID web.ID `path:"id"`
}

type getOutput struct {
	ETag string `header:"ETag"`
	Body Detail
}

// get shows a payment to its customer and to staff. Somebody else's payment is as absent as one that does not exist.
func (h *Payments) get(ctx context.Context, in *getInput) (*getOutput, error) {
	v, err := h.Reading.Get(ctx, string(in.ID))
	if err != nil {
		return nil, refuse(err)
	}
	who, _ := auth.From(ctx)
	if v.CustomerID != who.UserID && !staff(who) {
		return nil, refuse(domain.ErrNotFound)
	}
	// His own payment a member of the staff sees as a customer: it is not his to decide about.
	forStaff := staff(who) && v.CustomerID != who.UserID
	var acts []domain.ActView
	if forStaff && len(v.Refunds) > 0 {
		if acts, err = h.Reading.Acts(ctx, v.ID); err != nil {
			return nil, err
		}
	}
	out := &getOutput{ETag: web.ETag(v.Version), Body: detailShape(v, acts, forStaff)}
	if v.CustomerID == who.UserID && v.State == domain.RequiresAction {
		out.Body.NextAction = nextAction(h.Asking.Challenge(ctx, v.Payment))
	}
	return out, nil
}
