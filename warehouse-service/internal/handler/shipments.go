package handler

import (
	"context"
	"net/http"

	"marketplace/shared/idempotency"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/service"
)

type listShipmentsInput struct {
	web.Page
	OrderID web.ID `query:"order_id"`
	Status  string `query:"status" enum:"pending,dispatched,delivered,cancelled"`
}

type listShipmentsOutput struct{ Body web.List[Shipment] }

func (h *Handler) listShipments(ctx context.Context, in *listShipmentsInput) (*listShipmentsOutput, error) {
	cursor := web.NewCursor[web.ID]("shipments.1", in)
	before, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	rows, err := h.Reading.Shipments(ctx, domain.ShipmentQuery{
		OrderID: string(in.OrderID), Status: domain.ShipmentStatus(in.Status), Before: string(before), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &listShipmentsOutput{web.PageOf(cursor, rows, in.Limit, shipmentShape, func(s domain.ShipmentRow) web.ID { return web.ID(s.ID) })}, nil
}

type dispatchInput struct {
	ID   web.ID `path:"id"`
	Body struct {
		TrackingNumber string `json:"tracking_number" minLength:"1" maxLength:"100" pattern:"^[!-~]+$" doc:"Printable, without spaces"`
	}
}

func (h *Handler) dispatch(ctx context.Context, in *dispatchInput, key idempotency.Key) (idempotency.Reply, error) {
	reply, err := h.Sending.Dispatch(ctx, string(in.ID), in.Body.TrackingNumber, shipmentAnswer(key))
	return reply, refuse(err)
}

type deliverInput struct {
	ID web.ID `path:"id"`
}

func (h *Handler) deliver(ctx context.Context, in *deliverInput, key idempotency.Key) (idempotency.Reply, error) {
	reply, err := h.Sending.Deliver(ctx, string(in.ID), shipmentAnswer(key))
	return reply, refuse(err)
}

func shipmentAnswer(key idempotency.Key) service.ShipmentAnswer {
	return answer(key, http.StatusOK,
		func(s domain.ShipmentRow) (any, int, string) { return shipmentShape(s), 0, "" })
}
