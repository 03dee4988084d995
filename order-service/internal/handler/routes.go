// Package handler is what comes in: REST requests (orders.go, cancel.go, timeline.go) and the messages of other services
// (events.go). It turns wire shapes into the domain's and back (shape.go), and the domain's refusals into faults
// (refuse.go); it decides nothing.
package handler

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

// Placer takes orders.
type Placer interface {
	Place(ctx context.Context, request service.Request, answer service.Answer) (idempotency.Reply, error)
}

// Canceller cancels orders.
type Canceller interface {
	Cancel(ctx context.Context, in service.Cancellation, answer service.Answer) (idempotency.Reply, error)
}

// Reader reads orders.
type Reader interface {
	Get(ctx context.Context, id string) (domain.Order, error)
	List(ctx context.Context, q domain.Query) (page []domain.Order, more bool, err error)
	Timeline(ctx context.Context, id string) ([]domain.Recorded, error)
}

// Orders answers REST requests about orders.
type Orders struct {
	Placing  Placer
	Changing Canceller
	Reading  Reader
	Waiting  *Waiting
}

// base is the path of the collection.
const base = "/api/v1/orders"

// Register adds the routes. Whose orders they show is decided in each: customers see their own, staff sees all.
func (h *Orders) Register(s *web.Server) {
	tags := []string{"orders"}
	web.Handle(s, auth.SignedIn(), web.Replies[Order](s, huma.Operation{
		Method: http.MethodPost, Path: base, Tags: tags, Summary: "Place an order",
		Description: "Prices are the catalogue's at this moment. The order is pending: `GET /orders/{id}?wait=` tells how it ends.",
	}, http.StatusCreated), h.place)
	web.Handle(s, auth.SignedIn(), huma.Operation{
		Method: http.MethodGet, Path: base, Tags: tags, Summary: "List orders, the newest first",
	}, h.list)
	web.Handle(s, auth.SignedIn(), web.WithTimeout(huma.Operation{
		Method: http.MethodGet, Path: base + "/{id}", Tags: tags, Summary: "Get an order, or wait until it is settled",
	}, maxWait+5*time.Second), h.get)
	web.Handle(s, auth.SignedIn(), huma.Operation{
		Method: http.MethodGet, Path: base + "/{id}/events", Tags: tags, Summary: "Get an order's timeline",
	}, h.timeline)
	web.Handle(s, auth.SignedIn(), web.Replies[Order](s, huma.Operation{
		Method: http.MethodPost, Path: base + "/{id}/cancel", Tags: tags, Summary: "Cancel an order",
		Description: "An order that is confirmed becomes `cancelling` until the warehouse answers. Asking again is harmless.",
	}, http.StatusOK), h.cancel)
}

// staff says whether the identity works for the marketplace: it reads and cancels everybody's orders.
func staff(id auth.Identity) bool { return id.Has(auth.RoleSupport, auth.RoleAdmin) }

// visible returns the order if the caller may see it. Somebody else's order is as absent as one that does not exist.
func (h *Orders) visible(ctx context.Context, id string) (domain.Order, error) {
	id, err := web.ParseID(id)
	if err != nil {
		return domain.Order{}, err
	}
	o, err := h.Reading.Get(ctx, id)
	if err != nil {
		return domain.Order{}, refuse(err)
	}
	if who, _ := auth.From(ctx); o.CustomerID != who.UserID && !staff(who) {
		return domain.Order{}, refuse(domain.ErrNotPlaced)
	}
	return o, nil
}

// answer renders the order as the reply to a command, to be stored under the key when there is one.
func answer(key idempotency.Key, status int) service.Answer {
	return service.Answer{Key: key, Render: func(o domain.Order) (idempotency.Reply, error) {
		location := ""
		if status == http.StatusCreated {
			location = base + "/" + o.ID
		}
		return replay.Reply(status, orderShape(o), o.Version, location)
	}}
}

// sent is the reply to a command, or why there is none.
func sent(reply idempotency.Reply, err error) (*web.Raw, error) {
	return replay.Sent(reply, refuse(err))
}
