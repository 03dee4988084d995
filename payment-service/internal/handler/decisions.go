package handler

import (
	"context"
	"net/http"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

type decisionInput struct {
	ID       web.ID `path:"id"`
	RefundID web.ID `path:"refund_id"`
	Body     struct {
		Note text.Block `json:"note,omitempty" maxLength:"500" doc:"For the staff, who alone see it"`
	}
}

type settleInput struct {
	ID       web.ID `path:"id"`
	RefundID web.ID `path:"refund_id"`
	Body     struct {
		As   string     `json:"as" enum:"outside,console,retry,abandon" doc:"What became of the money: see the operation"`
		Note text.Block `json:"note" minLength:"1" maxLength:"500" doc:"Why, for the staff, who alone see it"`
	}
}

func (h *Payments) confirm(ctx context.Context, in *decisionInput, key idempotency.Key) (idempotency.Reply, error) {
	command, answer := decision(ctx, in.ID, in.RefundID, string(in.Body.Note), key)
	reply, err := h.Refunding.Confirm(ctx, command, answer)
	return reply, refuse(err)
}

func (h *Payments) reject(ctx context.Context, in *decisionInput, key idempotency.Key) (idempotency.Reply, error) {
	command, answer := decision(ctx, in.ID, in.RefundID, string(in.Body.Note), key)
	reply, err := h.Refunding.Reject(ctx, command, answer)
	return reply, refuse(err)
}

func (h *Payments) settle(ctx context.Context, in *settleInput, key idempotency.Key) (idempotency.Reply, error) {
	command, answer := decision(ctx, in.ID, in.RefundID, string(in.Body.Note), key)
	reply, err := h.Refunding.Settle(ctx, command, domain.Settlement(in.Body.As), answer)
	return reply, refuse(err)
}

// decision is what all decisions have in common.
func decision(ctx context.Context, id, refundID web.ID, note string, key idempotency.Key) (service.DecisionCommand, service.Answer) {
	who, _ := auth.From(ctx)
	command := service.DecisionCommand{PaymentID: string(id), RefundID: string(refundID), By: who.UserID, Note: note}
	which := func(f domain.Refund) bool { return f.ID == command.RefundID }
	return command, service.Answer{Key: key, Render: rendering(which, http.StatusOK, "", "")}
}
