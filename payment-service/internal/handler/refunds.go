package handler

import (
	"context"
	"net/http"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

var errKeyRequired = fault.New(fault.Invalid, "idempotency_key_required", "Send an Idempotency-Key, so that a repeated request refunds once.").
	WithField("header.Idempotency-Key", "is required")

type refundInput struct {
	ID      string `path:"id"`
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Required: a repeated request with the same key gets the first reply"`
	RawBody []byte
	Body    struct {
		Amount *int64 `json:"amount,omitempty" minimum:"1" doc:"In minor units of the payment's currency; all that is left when absent"`
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For people; kept with the refund"`
	}
}

func (h *Payments) refund(ctx context.Context, in *refundInput) (*web.Raw, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	if in.Key == "" {
		return nil, errKeyRequired
	}
	who, _ := auth.From(ctx)
	command := service.RefundCommand{
		PaymentID: id, Cause: domain.CauseSupport(who.UserID + ":" + in.Key), Reason: in.Body.Reason,
	}
	if in.Body.Amount != nil {
		command.Amount = *in.Body.Amount
	}
	reply, err := h.Refunding.Refund(ctx, command, service.Answer{
		Key: replay.Key(ctx, "POST /payments/"+id+"/refunds", in.Key, in.RawBody), Render: rendering(command),
	})
	return replay.Sent(reply, refuse(err))
}

// rendering is the refund of the command, as the payment has it then.
func rendering(command service.RefundCommand) func(domain.Payment) (idempotency.Reply, error) {
	return func(p domain.Payment) (idempotency.Reply, error) {
		for _, f := range p.Refunds {
			if f.Cause == command.Cause {
				return replay.Reply(http.StatusCreated, refundShape(f, command.Reason), 0, base+"/"+p.ID)
			}
		}
		return idempotency.Reply{}, domain.ErrNoRefund
	}
}
