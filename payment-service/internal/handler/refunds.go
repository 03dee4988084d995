package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

var errKeyRequired = fault.New(fault.Invalid, "idempotency_key_required", "Send an Idempotency-Key, so that a repeated request refunds once.").
	WithField("header.Idempotency-Key", "is required")

var errAmount = fault.New(fault.Invalid, "invalid", "The request has invalid parts.").
	WithField("body.amount.amount", "must be at least 1")

type refundInput struct {
	ID      string `path:"id"`
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Required: a repeated request with the same key gets the first reply"`
	RawBody []byte
	Body    struct {
		Amount *money.Money `json:"amount,omitempty" doc:"In the payment's currency; all that is left when absent"`
		Reason string       `json:"reason" minLength:"1" maxLength:"500" doc:"For people; kept with the refund"`
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
		PaymentID: id, Cause: domain.CauseSupport(scoped(who.UserID, in.Key)), Reason: in.Body.Reason,
	}
	if in.Body.Amount != nil {
		if command.Amount = *in.Body.Amount; command.Amount.Amount < 1 {
			return nil, errAmount
		}
	}
	reply, err := h.Refunding.Refund(ctx, command, service.Answer{
		Key: replay.Key(ctx, "POST /payments/"+id+"/refunds", in.Key, in.RawBody), Render: rendering(command),
	})
	return replay.Sent(reply, refuse(err))
}

// scoped is a key of one person. The customer sees what a refund is for, but not who of the staff asked for it, nor under which key.
func scoped(userID, key string) string {
	sum := sha256.Sum256([]byte(userID + ":" + key))
	return hex.EncodeToString(sum[:16])
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
