package handler

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

var errKeyRequired = fault.New(fault.Invalid, "idempotency_key_required", "Send an Idempotency-Key, so that a repeated request orders once.").
	WithField("header.Idempotency-Key", "is required")

type placeInput struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Required: a repeated request with the same key gets the first reply"`
	RawBody []byte
	Body    struct {
		Items         []Item  `json:"items" minItems:"1" maxItems:"100" doc:"Items of one product are taken together"`
		Address       Address `json:"shipping_address"`
		PaymentMethod string  `json:"payment_method_id" minLength:"1" maxLength:"255" pattern:"^[A-Za-z0-9_-]+$" example:"pm_card_visa"`
	}
}

func (h *Orders) place(ctx context.Context, in *placeInput) (*web.Raw, error) {
	if in.Key == "" {
		return nil, errKeyRequired
	}
	who, _ := auth.From(ctx)
	items, err := itemsOf(in.Body.Items)
	if err != nil {
		return nil, err
	}
	key := replay.Key(ctx, "POST /orders", in.Key, in.RawBody)
	return sent(h.Placing.Place(ctx, service.Request{
		CustomerID: who.UserID, Items: items, Address: domain.Address(in.Body.Address), PaymentMethod: in.Body.PaymentMethod,
	}, answer(key, http.StatusCreated)))
}

// itemsOf brings the ids into their one spelling, so that items of one product are found to be that.
func itemsOf(in []Item) ([]domain.Item, error) {
	items := make([]domain.Item, len(in))
	for i, item := range in {
		id, err := web.ParseID(item.ProductID)
		if err != nil {
			return nil, errInvalid.WithField(fmt.Sprintf("body.items[%d].product_id", i), "is not a UUID")
		}
		items[i] = domain.Item{ProductID: id, Quantity: item.Quantity}
	}
	return items, nil
}

type listInput struct {
	web.Page
	Status string `query:"status" enum:"pending,reserved,confirmed,cancelling,cancelled,partially_shipped,shipped,delivered"`
	Scope  string `query:"scope" enum:"own,all" default:"own" doc:"all orders are for support and admins"`
}

type listOutput struct{ Body web.List[Order] }

// cursor is the position of the last order of a page.
type cursor struct {
	PlacedAt time.Time `json:"at"`
	ID       string    `json:"id"`
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
	var err error
	if q.After, err = positionOf(in.Cursor); err != nil {
		return nil, err
	}
	page, more, err := h.Reading.List(ctx, q)
	if err != nil {
		return nil, refuse(err)
	}
	items := make([]Order, len(page))
	for i, o := range page {
		items[i] = orderShape(o)
	}
	next := ""
	if more {
		next = web.EncodeCursor(cursor(page[len(page)-1].Position()))
	}
	return &listOutput{Body: web.NewList(items, next)}, nil
}

func positionOf(text string) (domain.Position, error) {
	var c cursor
	if err := web.DecodeCursor(text, &c); err != nil || text == "" {
		return domain.Position{}, err
	}
	id, err := web.ParseID(c.ID)
	if err != nil {
		return domain.Position{}, web.ErrCursor
	}
	return domain.Position{PlacedAt: c.PlacedAt, ID: id}, nil
}

type getInput struct {
	ID   string `path:"id"`
	Wait string `query:"wait" pattern:"^[0-9]{1,5}(ms|s)$" example:"10s" doc:"How long to wait until the order is settled, at most 30s"`
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
