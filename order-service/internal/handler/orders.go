package handler

import (
	"context"
	"net/http"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/web"
)

type placeInput struct {
	Body struct {
		Items         []Item        `json:"items" minItems:"1" maxItems:"100" doc:"Items of one product are taken together"`
		Address       Address       `json:"shipping_address"`
		PaymentMethod web.ForeignID `json:"payment_method_id" minLength:"1" maxLength:"255" pattern:"^[A-Za-z0-9_-]+$" example:"pm_card_visa"`
	}
}

func (h *Orders) place(ctx context.Context, in *placeInput, key idempotency.Key) (idempotency.Reply, error) {
	who, _ := auth.From(ctx)
	reply, err := h.Placing.Place(ctx, service.Request{
		CustomerID: who.UserID, Network: web.ClientNetwork(ctx), Items: itemsOf(in.Body.Items),
		Address: in.Body.Address.address(), PaymentMethod: string(in.Body.PaymentMethod),
	}, answer(key, http.StatusCreated))
	return reply, refuse(err)
}

func itemsOf(in []Item) []domain.Item {
	items := make([]domain.Item, len(in))
	for i, item := range in {
		items[i] = domain.Item{ProductID: string(item.ProductID), Quantity: item.Quantity}
	}
	return items
}

type listInput struct {
	web.Page
	Status string `query:"status" enum:"pending,reserved,confirmed,cancelling,cancelled,partially_shipped,shipped,delivered"`
	Scope  string `query:"scope" enum:"own,all" default:"own" doc:"all orders are for support and admins"`
}

type listOutput struct{ Body web.List[Summary] }

// position is what the list is sorted by.
type position struct {
	PlacedAt time.Time `json:"at"`
	ID       web.ID    `json:"id"`
}

var errScope = fault.New(fault.Forbidden, "role_missing", "Your account is not allowed to do this.")

func (h *Orders) list(ctx context.Context, in *listInput) (*listOutput, error) {
	who, _ := auth.From(ctx)
	q := domain.Query{CustomerID: who.UserID, Status: domain.Status(in.Status), Limit: in.Limit}
	if in.Scope == "all" {
		if !staff(who) {
			return nil, errScope
		}
		q.CustomerID = ""
	}
	cursor := web.NewCursor[position]("orders.1", in, q.CustomerID)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	q.After = domain.Position{PlacedAt: after.PlacedAt, ID: string(after.ID)}
	page, more, err := h.Reading.List(ctx, q)
	if err != nil {
		return nil, refuse(err)
	}
	items := make([]Summary, len(page))
	for i, o := range page {
		items[i] = summaryShape(o)
	}
	next := ""
	if more {
		last := page[len(page)-1]
		next = cursor.Encode(position{PlacedAt: last.PlacedAt, ID: web.ID(last.ID)})
	}
	return &listOutput{Body: web.NewList(items, next)}, nil
}

type getInput struct {
	ID   web.ID `path:"id"`
	Wait string `query:"wait" pattern:"^[0-9]{1,5}(ms|s)$" example:"10s" doc:"How long to wait until the order is settled (neither pending, reserved nor cancelling), at most 30s"`
}

type getOutput struct {
	ETag string `header:"ETag"`
	Body Order
}

func (h *Orders) get(ctx context.Context, in *getInput) (*getOutput, error) {
	wait, err := waitOf(in.Wait)
	if err != nil {
		return nil, err
	}
	o, err := h.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if wait > 0 && !o.Status.Settled() {
		h.Waiting.Settled(ctx, o.ID, wait)
		if o, err = h.visible(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	return &getOutput{ETag: web.ETag(o.Version), Body: orderShape(o)}, nil
}

// waitOf reads the wait parameter, whose form huma has checked.
func waitOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait > maxWait {
		return 0, errInvalid.WithField("query.wait", "is at most "+maxWait.String())
	}
	return wait, nil
}
