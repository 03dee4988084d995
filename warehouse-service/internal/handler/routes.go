// Package handler is what comes in: REST requests, a file for each resource, and the messages of orders (events.go). It
// turns wire shapes into the domain's and back (shape.go), and the domain's refusals into faults (refuse.go); it decides
// nothing.
package handler

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/service"
)

// Stocker opens warehouses and fills them.
type Stocker interface {
	OpenWarehouse(ctx context.Context, code, name string, answer service.WarehouseAnswer) (idempotency.Reply, error)
	Expect(ctx context.Context, in service.Expected, answer service.SupplyAnswer) (idempotency.Reply, error)
	Receive(ctx context.Context, id string, lines []domain.Line, answer service.SupplyAnswer) (idempotency.Reply, error)
	Cancel(ctx context.Context, id string, answer service.SupplyAnswer) (idempotency.Reply, error)
}

// Sender sends what orders have bought.
type Sender interface {
	Dispatch(ctx context.Context, id, tracking string, answer service.ShipmentAnswer) (idempotency.Reply, error)
	Deliver(ctx context.Context, id string, answer service.ShipmentAnswer) (idempotency.Reply, error)
}

// Counter says how much of a product can be bought.
type Counter interface {
	Available(ctx context.Context, productID string) (int64, error)
}

// Reader answers questions.
type Reader interface {
	Stock(ctx context.Context, q domain.StockQuery) ([]domain.StockRow, error)
	Movements(ctx context.Context, q domain.MovementQuery) ([]domain.MovementRow, error)
	Reservations(ctx context.Context, orderID string, after domain.Key, limit int) ([]domain.Reservation, error)
	Shipments(ctx context.Context, q domain.ShipmentQuery) ([]domain.ShipmentRow, error)
}

// Warehouses lists and changes warehouses.
type Warehouses interface {
	List(ctx context.Context, after string, limit int) ([]domain.Warehouse, error)
	Update(ctx context.Context, id string, change func(domain.Warehouse) (domain.Warehouse, error)) (domain.Warehouse, error)
}

// Supplies shows supplies.
type Supplies interface {
	Get(ctx context.Context, id string) (domain.Supply, error)
	List(ctx context.Context, q domain.SupplyQuery) ([]domain.SupplySummary, error)
}

// Handler answers REST requests.
type Handler struct {
	Stocking   Stocker
	Sending    Sender
	Counting   Counter
	Reading    Reader
	Warehouses Warehouses
	Supplies   Supplies
}

const base = "/api/v1"

// maxBody is for every route, in bytes: 100 items on lines of their own are 12 KB.
const maxBody = 16 << 10

// Register adds the routes. What a shopper may know is how much can be bought; the rest is for the people in the warehouses.
func (h *Handler) Register(s *web.Server) {
	staff := auth.AnyOf(auth.RoleWarehouse, auth.RoleAdmin)

	available := get("/stock/{product_id}", "stock", "How many of a product can be bought")
	available.Description = "Zero for a product that never had stock. 404: neither stock nor the catalogue knows the product. 503 " +
		"`catalogue_unavailable`: it has no stock, and the catalogue cannot be asked whether there is such a product; or " +
		"`catalogue_busy`: too many ask that at the moment. A product that has or had stock never gets one of these answers."
	web.Handle(s, auth.Public(), available, h.available)
	web.Handle(s, staff, get("/stock", "stock", "List stock by product and warehouse"), h.stock)
	web.Handle(s, staff, get("/movements", "stock", "List what came and went, the newest first"), h.movements)
	web.Handle(s, staff, get("/reservations", "stock", "List what an order holds"), h.reservations)

	web.Handle(s, staff, get("/warehouses", "warehouses", "List warehouses by code"), h.listWarehouses)
	replay.Post(s, staff, web.Replies[Warehouse](s, post("/warehouses", "warehouses", "Open a warehouse"), http.StatusCreated), h.openWarehouse)
	web.Handle(s, staff, operation(http.MethodPatch, "/warehouses/{id}", "warehouses", "Change a warehouse"), h.changeWarehouse)

	web.Handle(s, staff, get("/supplies", "supplies", "List supplies, the newest first"), h.listSupplies)
	replay.Post(s, staff, web.Replies[Supply](s, post("/supplies", "supplies", "Expect a supply"), http.StatusCreated), h.expect)
	web.Handle(s, staff, get("/supplies/{id}", "supplies", "Get a supply"), h.supply)
	replay.Post(s, staff, web.Replies[Supply](s, post("/supplies/{id}/receive", "supplies", "Take in what came, all or a part"), http.StatusOK), h.receive)
	replay.Post(s, staff, web.Replies[Supply](s, post("/supplies/{id}/cancel", "supplies", "Give up on what has not come"), http.StatusOK), h.cancel)

	web.Handle(s, staff, get("/shipments", "shipments", "List shipments, the newest first"), h.listShipments)
	replay.Post(s, staff, web.Replies[Shipment](s, post("/shipments/{id}/dispatch", "shipments", "A shipment has left"), http.StatusOK), h.dispatch)
	replay.Post(s, staff, web.Replies[Shipment](s, post("/shipments/{id}/deliver", "shipments", "A shipment has arrived"), http.StatusOK), h.deliver)
}

func get(path, tag, summary string) huma.Operation {
	return operation(http.MethodGet, path, tag, summary)
}

func post(path, tag, summary string) huma.Operation {
	return operation(http.MethodPost, path, tag, summary)
}

func operation(method, path, tag, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: base + path, Tags: []string{tag}, Summary: summary, MaxBodyBytes: maxBody}
}

// answer renders what a command has left behind as its reply, to be stored under the key when there is one.
func answer[T any](key idempotency.Key, status int, render func(T) (body any, version int, location string)) idempotency.Answer[T] {
	return idempotency.Answer[T]{Key: key, Render: func(effect T) (idempotency.Reply, error) {
		body, version, location := render(effect)
		return replay.Reply(status, body, version, location)
	}}
}
