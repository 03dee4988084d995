package handler

import (
	"context"
	"net/http"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/service"
)

type listShipmentsInput struct {
	web.Page
	OrderID string `query:"order_id"`
	Status  string `query:"status" enum:"pending,dispatched,delivered,cancelled"`
}

type listShipmentsOutput struct{ Body web.List[Shipment] }

func (h *Handler) listShipments(ctx context.Context, in *listShipmentsInput) (*listShipmentsOutput, error) {
	before, err := web.CursorID(in.Cursor)
	if err != nil {
		return nil, err
	}
	order, err := filterID("order_id", in.OrderID)
	if err != nil {
		return nil, err
	}
	rows, err := h.Reading.Shipments(ctx, domain.ShipmentQuery{
		OrderID: order, Status: domain.ShipmentStatus(in.Status), Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &listShipmentsOutput{listed(rows, in.Limit, shipmentShape, func(s domain.ShipmentRow) any { return s.ID })}, nil
}

type dispatchInput struct {
	ID      string `path:"id"`
	Key     string `header:"Idempotency-Key" maxLength:"255"`
	RawBody []byte
	Body    struct {
		TrackingNumber string `json:"tracking_number" minLength:"1" maxLength:"100" pattern:"^[!-~]+$" doc:"Printable, without spaces"`
	}
}

func (h *Handler) dispatch(ctx context.Context, in *dispatchInput) (*web.Raw, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	return sent(h.Sending.Dispatch(ctx, id, in.Body.TrackingNumber, shipmentAnswer(ctx, id, "/dispatch", in.Key, in.RawBody)))
}

type deliverInput struct {
	ID  string `path:"id"`
	Key string `header:"Idempotency-Key" maxLength:"255"`
}

func (h *Handler) deliver(ctx context.Context, in *deliverInput) (*web.Raw, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	return sent(h.Sending.Deliver(ctx, id, shipmentAnswer(ctx, id, "/deliver", in.Key, nil)))
}

func shipmentAnswer(ctx context.Context, id, command, value string, body []byte) service.ShipmentAnswer {
	return answer(key(ctx, "/shipments/"+id+command, value, body), http.StatusOK,
		func(s domain.ShipmentRow) (any, int, string) { return shipmentShape(s), 0, "" })
}
