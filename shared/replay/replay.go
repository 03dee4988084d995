// Package replay is the REST side of idempotency: it makes the replies that are stored with an effect, and sends them, the first
// time and every time, byte for byte.
//
//	answer := idempotency.Answer[domain.Order]{
//		Key:    replay.Key(ctx, "POST /orders", in.Key, in.RawBody),
//		Render: func(o domain.Order) (idempotency.Reply, error) { return replay.Reply(201, shape(o), o.Version, location(o)) },
//	}
//	return replay.Sent(h.Placing.Place(ctx, request, answer))
package replay

import (
	"context"

	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/web"
)

// Key scopes a client's Idempotency-Key to the caller and the route, with the body as it was sent.
func Key(ctx context.Context, route, key string, body []byte) idempotency.Key {
	who, _ := auth.From(ctx)
	return idempotency.NewKey(who.UserID, route, key, body)
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

// Sent is what a handler returns for a stored reply, or the error.
func Sent(reply idempotency.Reply, err error) (*web.Raw, error) {
	if err != nil {
		return nil, err
	}
	raw := web.Stored(reply.Status, reply.Header, reply.Body)
	return &raw, nil
}
