package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/replay"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

var errAmount = fault.New(fault.Invalid, "invalid", "The request has invalid parts.").
	WithField("body.amount.amount", "must be at least 1")

// registerRefunds adds what the staff decides about refunds.
func (h *Payments) registerRefunds(s *web.Server, tags []string) {
	people := auth.AnyOf(auth.RoleSupport, auth.RoleAdmin)
	replay.Post(s, people, web.KeyRequired(web.Replies[Refund](s, web.Replies[Refund](s, huma.Operation{
		Path: base + "/{id}/refunds", Tags: tags, Summary: "Give money back", MaxBodyBytes: maxRefund,
		Description: "201: the refund is pending until the card processor has answered; `GET /payments/{id}` shows what became of it.\n\n" +
			"202: it is more than the caller may give back alone, or no goods have left and more than half of what was captured would have gone back with it " +
			"(all refunds of the payment that are done or on their way count together; administrators need a second person for it too). " +
			"It awaits another person (`/confirm`, `/reject`), holds no money meanwhile, and is rejected when the order is cancelled.\n\n" +
			"All of it, or the last part, is given back only after goods have left (409 `cancel_instead`): before that the order is cancelled, which stops the warehouse too. " +
			"Of a payment from before this service heard of shipments it may not be known whether goods have left: then all of it awaits another person, " +
			"who looks at the order and confirms only if they have. " +
			"Nobody gives back the money of an order of his own (403 `own_payment`).",
	}, http.StatusAccepted), http.StatusCreated)), h.refund)
	for _, r := range []struct {
		path, summary, text string
		do                  func(context.Context, *decisionInput, idempotency.Key) (idempotency.Reply, error)
	}{
		{"confirm", "Agree to a refund that awaits a second person", "Anybody of the staff but the one who asked. It is decided as if it were asked for now. Look at the order first: " +
			"if goods have not left and it is all of the money, or nearly, a cancellation is the way, which stops the warehouse too.", h.confirm},
		{"reject", "End a refund that awaits a second person", "The one who asked may do so too.", h.reject},
	} {
		replay.Post(s, people, web.Replies[Refund](s, huma.Operation{
			Path: base + "/{id}/refunds/{refund_id}/" + r.path, Tags: tags, Summary: r.summary, Description: r.text,
			MaxBodyBytes: maxRefund,
		}, http.StatusOK), r.do)
	}
	replay.Post(s, people, web.Replies[Refund](s, huma.Operation{
		Path: base + "/{id}/refunds/{refund_id}/settle", Tags: tags, Summary: "Settle a refund that needs attention", MaxBodyBytes: maxRefund,
		Description: "`outside`: the customer has got the money, and not through the card processor, but by a bank transfer for example. It is booked, and no " +
			"refund at the processor's console is ever taken for it. `console`: the money went back by refunds at the processor's console. " +
			"Those are booked by themselves, each as a refund of its own, so this one ends without money; what is then missing of a cancelled " +
			"order is asked for again. `retry`: the card processor is asked again, under the same key. `abandon`: it ends " +
			"without money. While the order goes on only this refund is over (`withdrawn`), and a cancellation later gives back all " +
			"that is left; of an order that has ended the money is kept, and not asked for again (`abandoned`). " +
			"Look at the card processor's console first: what it shows is booked by itself.\n\n" +
			"A refund whose failure is `above_capture` was made at the console and cannot be booked, because more went back than was captured. " +
			"`retry` reads the processor's books again, `abandon` leaves it so; the others are refused (409 `refund_made_elsewhere`).",
	}, http.StatusOK), h.settle)
}

type refundInput struct {
	ID   web.ID `path:"id"`
	Body struct {
		Amount *money.Money `json:"amount,omitempty" doc:"In the payment's currency; all that is left when absent"`
		Reason text.Block   `json:"reason" minLength:"1" maxLength:"500" doc:"For the customer, who sees it with the refund"`
		Note   text.Block   `json:"note,omitempty" maxLength:"500" doc:"For the staff, who alone see it"`
	}
}

func (h *Payments) refund(ctx context.Context, in *refundInput, key idempotency.Key) (idempotency.Reply, error) {
	who, _ := auth.From(ctx)
	command := service.RefundCommand{
		PaymentID: string(in.ID), Cause: domain.CauseSupport(scoped(key)), By: who.UserID, Limited: !who.Has(auth.RoleAdmin),
		Reason: string(in.Body.Reason), Note: string(in.Body.Note),
	}
	if in.Body.Amount != nil {
		if command.Amount = *in.Body.Amount; command.Amount.Amount < 1 {
			return idempotency.Reply{}, errAmount
		}
	}
	reply, err := h.Refunding.Refund(ctx, command, service.Answer{
		Key: key, Render: rendering(func(f domain.Refund) bool { return f.Cause == command.Cause }, http.StatusCreated, command.Reason, command.Note),
	})
	return reply, refuse(err)
}

// scoped is a key of one person. The customer sees what a refund is for, but not who of the staff asked for it, nor under which key.
func scoped(key idempotency.Key) string {
	sum := sha256.Sum256([]byte(key.User + ":" + key.Key))
	return hex.EncodeToString(sum[:16])
}

// rendering is one refund as the payment has it then. One that waits for another person is 202.
func rendering(which func(domain.Refund) bool, status int, reason, note string) func(domain.Payment) (idempotency.Reply, error) {
	return func(p domain.Payment) (idempotency.Reply, error) {
		for _, f := range p.Refunds {
			if !which(f) {
				continue
			}
			if f.State == domain.RefundAwaiting {
				status = http.StatusAccepted
			}
			shape := refundShape(f, reason)
			shape.Note = note
			return replay.Reply(status, shape, 0, base+"/"+p.ID)
		}
		return idempotency.Reply{}, domain.ErrNoRefund
	}
}
