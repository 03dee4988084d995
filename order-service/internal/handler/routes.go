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
	List(ctx context.Context, q domain.Query) (page []domain.Summary, more bool, err error)
	Timeline(ctx context.Context, id string, after, limit int) ([]domain.Recorded, error)
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

// Limits of bodies, in bytes. Every character of a text may come as an escape of twelve.
const (
	maxOrder  = 32 << 10 // 100 items on lines of their own are 12 KB, the longest address is 11 KB
	maxReason = 8 << 10
)

// Register adds the routes. Whose orders they show is decided in each: customers see their own, staff sees all.
func (h *Orders) Register(s *web.Server) {
	tags := []string{"orders"}
	replay.Post(s, auth.SignedIn(), web.KeyRequired(web.Replies[Order](s, huma.Operation{
		Path: base, Tags: tags, Summary: "Place an order", MaxBodyBytes: maxOrder,
		Description: "Prices are the catalogue's at this moment. The order is pending: `GET /orders/{id}?wait=` tells how it ends. " +
			"Whoever has too many orders or pieces that are not paid yet, or too many orders that ended unpaid, is refused with 429 " +
			"(`too_many_open_orders`, `too_many_open_units`, `too_many_declines`) and `Retry-After`.",
	}, http.StatusCreated)), h.place)
	web.Handle(s, auth.SignedIn(), huma.Operation{
		Method: http.MethodGet, Path: base, Tags: tags, Summary: "List orders, the newest first",
		Description: "Summaries: `GET /orders/{id}` has the lines and the address too.",
	}, h.list)
	web.Handle(s, auth.SignedIn(), web.WithTimeout(huma.Operation{
		Method: http.MethodGet, Path: base + "/{id}", Tags: tags, Summary: "Get an order, or wait until it is settled",
	}, maxWait+5*time.Second), h.get)
	web.Handle(s, auth.SignedIn(), huma.Operation{
		Method: http.MethodGet, Path: base + "/{id}/events", Tags: tags, Summary: "Get an order's timeline",
		Description: "The lines of the order, and what was short when there was too little stock, are in `GET /orders/{id}`.",
	}, h.timeline)
	replay.Post(s, auth.SignedIn(), web.Replies[Order](s, huma.Operation{
		Path: base + "/{id}/cancel", Tags: tags, Summary: "Cancel an order", MaxBodyBytes: maxReason,
		Description: "An order that is confirmed becomes `cancelling` until the warehouse answers. One that is not paid yet ends at once, " +
			"and counts as one that its customer did not pay: see `POST /orders`. Asking again is harmless.",
	}, http.StatusOK), h.cancel)
}

// staff says whether the identity works for the marketplace: it reads and cancels everybody's orders.
func staff(id auth.Identity) bool { return id.Has(auth.RoleSupport, auth.RoleAdmin) }

// visible returns the order if the caller may see it. Somebody else's order is as absent as one that does not exist.
func (h *Orders) visible(ctx context.Context, id web.ID) (domain.Order, error) {
	o, err := h.Reading.Get(ctx, string(id))
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
