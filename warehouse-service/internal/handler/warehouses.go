package handler

import (
	"context"
	"net/http"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
)

type openWarehouseInput struct {
	Key     string `header:"Idempotency-Key" maxLength:"255"`
	RawBody []byte
	Body    struct {
		Code string `json:"code" pattern:"^[A-Z0-9][A-Z0-9-]{0,19}$" doc:"Short and unique" example:"LON-1"`
		Name string `json:"name" minLength:"1" maxLength:"200" example:"London, Docklands"`
	}
}

func (h *Handler) openWarehouse(ctx context.Context, in *openWarehouseInput) (*web.Raw, error) {
	return sent(h.Stocking.OpenWarehouse(ctx, in.Body.Code, in.Body.Name, answer(
		key(ctx, "/warehouses", in.Key, in.RawBody), http.StatusCreated,
		func(w domain.Warehouse) (any, int, string) { return warehouseShape(w), w.Version, "" },
	)))
}

type listWarehousesInput struct{ web.Page }

type listWarehousesOutput struct{ Body web.List[Warehouse] }

func (h *Handler) listWarehouses(ctx context.Context, in *listWarehousesInput) (*listWarehousesOutput, error) {
	var after string
	if err := web.DecodeCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	rows, err := h.Warehouses.List(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &listWarehousesOutput{listed(rows, in.Limit, warehouseShape, func(w domain.Warehouse) any { return w.Code })}, nil
}

type changeWarehouseInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match"`
	Body    struct {
		Code *string `json:"code,omitempty" pattern:"^[A-Z0-9][A-Z0-9-]{0,19}$"`
		Name *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	}
}

type changeWarehouseOutput struct {
	ETag string `header:"ETag"`
	Body Warehouse
}

func (h *Handler) changeWarehouse(ctx context.Context, in *changeWarehouseInput) (*changeWarehouseOutput, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.Warehouses.Update(ctx, id, func(w domain.Warehouse) (domain.Warehouse, error) {
		if in.Body.Code != nil {
			w.Code = *in.Body.Code
		}
		if in.Body.Name != nil {
			w.Name = *in.Body.Name
		}
		return w, web.MatchVersion(in.IfMatch, w.Version)
	})
	if err != nil {
		return nil, refuse(err)
	}
	return &changeWarehouseOutput{ETag: web.ETag(w.Version), Body: warehouseShape(w)}, nil
}
