package handler

import (
	"context"
	"net/http"

	"marketplace/order-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

type cancelInput struct {
	ID   web.ID `path:"id"`
	Body struct {
		Reason text.Block `json:"reason,omitempty" maxLength:"500" doc:"For people; shown in the order's timeline"`
	}
}

func (h *Orders) cancel(ctx context.Context, in *cancelInput, key idempotency.Key) (idempotency.Reply, error) {
	who, _ := auth.From(ctx)
	reply, err := h.Changing.Cancel(ctx, service.Cancellation{
		OrderID: string(in.ID), UserID: who.UserID, Staff: staff(who), Note: string(in.Body.Reason),
	}, answer(key, http.StatusOK))
	return reply, refuse(err)
}
