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
	OrderID string `query:"order_id" format:"uuid" doc:"Only the payment of this order"`
}

type listOutput struct{ Body web.List[Payment] }

var errInvalid = fault.New(fault.Invalid, "invalid", "The request has invalid parts.")

func (h *Payments) list(ctx context.Context, in *listInput) (*listOutput, error) {
	who, _ := auth.From(ctx)
	q := domain.Query{Limit: in.Limit}
	if !staff(who) {
		q.CustomerID = who.UserID
	}
	var err error
	if in.OrderID != "" {
		if q.OrderID, err = web.ParseID(in.OrderID); err != nil {
			return nil, errInvalid.WithField("query.order_id", "is not a UUID")
		}
	}
	if q.After, err = web.CursorID(in.Cursor); err != nil {
		return nil, err
	}
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
		next = web.EncodeCursor(page[len(page)-1].ID)
	}
	return &listOutput{Body: web.NewList(items, next)}, nil
}

type getInput struct {
	ID string `path:"id"`
}

type getOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         Detail
}

// get shows a payment to its customer and to staff. Somebody else's payment is as absent as one that does not exist.
func (h *Payments) get(ctx context.Context, in *getInput) (*getOutput, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	v, err := h.Reading.Get(ctx, id)
	if err != nil {
		return nil, refuse(err)
	}
	who, _ := auth.From(ctx)
	if v.CustomerID != who.UserID && !staff(who) {
		return nil, refuse(domain.ErrNotFound)
	}
	out := &getOutput{ETag: web.ETag(v.Version), Body: detailShape(v)}
	if v.CustomerID == who.UserID && v.State == domain.RequiresAction {
		out.CacheControl, out.Body.NextAction = "no-store", nextAction(h.Asking.Challenge(ctx, v.Payment))
	}
	return out, nil
}
