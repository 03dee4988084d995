package handler

import (
	"context"
	"net/http"

	"marketplace/shared/idempotency"
	"marketplace/shared/text"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
)

type openWarehouseInput struct {
	Body struct {
		Code string    `json:"code" pattern:"^[A-Z0-9][A-Z0-9-]{0,19}$" doc:"Short and unique" example:"LON-1"`
		Name text.Line `json:"name" minLength:"1" maxLength:"200" example:"London, Docklands"`
	}
}

func (h *Handler) openWarehouse(ctx context.Context, in *openWarehouseInput, key idempotency.Key) (idempotency.Reply, error) {
	reply, err := h.Stocking.OpenWarehouse(ctx, in.Body.Code, string(in.Body.Name), answer(
		key, http.StatusCreated,
		func(w domain.Warehouse) (any, int, string) { return warehouseShape(w), w.Version, "" },
	))
	return reply, refuse(err)
}

type listWarehousesInput struct{ web.Page }

type listWarehousesOutput struct{ Body web.List[Warehouse] }

func (h *Handler) listWarehouses(ctx context.Context, in *listWarehousesInput) (*listWarehousesOutput, error) {
	cursor := web.NewCursor[string]("warehouses.1", in)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	rows, err := h.Warehouses.List(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &listWarehousesOutput{web.PageOf(cursor, rows, in.Limit, warehouseShape, func(w domain.Warehouse) string { return w.Code })}, nil
}

type changeWarehouseInput struct {
	ID      web.ID `path:"id"`
	IfMatch string `header:"If-Match"`
	Body    struct {
		Code *string    `json:"code,omitempty" pattern:"^[A-Z0-9][A-Z0-9-]{0,19}$"`
		Name *text.Line `json:"name,omitempty" minLength:"1" maxLength:"200"`
	}
}

type changeWarehouseOutput struct {
	ETag string `header:"ETag"`
	Body Warehouse
}

func (h *Handler) changeWarehouse(ctx context.Context, in *changeWarehouseInput) (*changeWarehouseOutput, error) {
	w, err := h.Warehouses.Update(ctx, string(in.ID), func(w domain.Warehouse) (domain.Warehouse, error) {
		if err := web.MatchVersion(in.IfMatch, w.Version); err != nil {
			return w, err
		}
		return w.Change(in.Body.Code, (*string)(in.Body.Name)), nil
	})
	if err != nil {
		return nil, refuse(err)
	}
	return &changeWarehouseOutput{ETag: web.ETag(w.Version), Body: warehouseShape(w)}, nil
}
