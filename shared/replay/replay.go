// Package replay is the REST side of idempotency: it registers the POSTs that take an Idempotency-Key, makes the replies that
// are stored with an effect, and sends them, the first time and every time, byte for byte.
//
//	replay.Post(s, auth.SignedIn(), web.KeyRequired(web.Replies[Order](s, op, 201)), h.place)
//
//	func (h *Orders) place(ctx context.Context, in *placeInput, key idempotency.Key) (idempotency.Reply, error) {
//		return h.Placing.Place(ctx, request, idempotency.Answer[domain.Order]{
//			Key:    key,
//			Render: func(o domain.Order) (idempotency.Reply, error) { return replay.Reply(201, shape(o), o.Version, location(o)) },
//		})
//	}
package replay

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/web"
)

// Post registers a POST that takes an Idempotency-Key. The handler gets the key, whose Key is empty when none was sent, and
// sees to it that the reply is stored under it in the transaction of the effect: see idempotency.Do.
//
// A key is the caller's own in a route. The same key with other values in the path, another query or another body is
// refused, so that a client that reuses a key by mistake hears of it.
func Post[I any](
	s *web.Server, policy auth.Policy, op huma.Operation,
	handle func(ctx context.Context, in *I, key idempotency.Key) (idempotency.Reply, error),
) {
	op.Method = http.MethodPost
	web.Handle(s, policy, web.TakesKey(op), func(ctx context.Context, in *I) (*web.Raw, error) {
		key, err := keyOf(ctx)
		if err != nil {
			return nil, err
		}
		reply, err := handle(ctx, in, key)
		if err != nil {
			return nil, err
		}
		raw := web.Stored(reply.Status, reply.Header, reply.Body)
		return &raw, nil
	})
}

func keyOf(ctx context.Context) (idempotency.Key, error) {
	repeat, err := web.RepeatOf(ctx)
	who, _ := auth.From(ctx)
	return idempotency.Key{User: who.UserID, Route: repeat.Route, Key: repeat.Key, Fingerprint: repeat.Fingerprint}, err
}

// Reply is a JSON reply to be stored. Version 0 and an empty location leave their headers out.
func Reply(status int, body any, version int, location string) (idempotency.Reply, error) {
	raw, err := web.JSON(status, body)
	if err != nil {
		return idempotency.Reply{}, err
	}
	if version > 0 {
		raw = raw.WithVersion(version)
	}
	raw.Location = location
	return idempotency.Reply{Status: raw.Status, Header: raw.Header(), Body: raw.Body}, nil
}

// NoContent is the reply that says only that it is done.
func NoContent() idempotency.Reply { return idempotency.Reply{Status: http.StatusNoContent} }
