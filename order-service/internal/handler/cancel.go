package handler

import (
	"context"
	"net/http"

	"marketplace/order-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/web"
)

type cancelInput struct {
	ID      string `path:"id"`
	Key     string `header:"Idempotency-Key" maxLength:"255"`
	RawBody []byte
	Body    struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For people; shown in the order's timeline"`
	}
}

func (h *Orders) cancel(ctx context.Context, in *cancelInput) (*web.Raw, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	who, _ := auth.From(ctx)
	key := idempotency.NewKey(who.UserID, "POST /orders/"+id+"/cancel", in.Key, in.RawBody)
	return sent(h.Changing.Cancel(ctx, service.Cancellation{
		OrderID: id, UserID: who.UserID, Staff: staff(who), Note: in.Body.Reason,
	}, answer(key, http.StatusOK)))
}
