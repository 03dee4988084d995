package handler

import (
	"context"
	"net/http"

	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/text"
	"marketplace/shared/web"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/service"
)

type usersInput struct {
	web.Page
	Query  text.Line `query:"query" maxLength:"100" doc:"Part of the e-mail address or the name"`
	Role   string    `query:"role" enum:"customer,seller,warehouse,support,admin"`
	Status string    `query:"status" enum:"active,blocked"`
}

type usersReply struct{ Body web.List[User] }

func (h *Handler) listUsers(ctx context.Context, in *usersInput) (*usersReply, error) {
	cursor := web.NewCursor[web.ID]("users.1", in)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	found, err := h.Users.List(ctx, domain.UserFilter{
		Query: string(in.Query), Role: in.Role, Status: in.Status, After: string(after), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &usersReply{Body: web.PageOf(cursor, found, in.Limit, userOf, func(u domain.User) web.ID { return web.ID(u.ID) })}, nil
}

func (h *Handler) user(ctx context.Context, in *idInput) (*userReply, error) {
	return answer(in.ID, func(id string) (domain.User, error) { return h.Users.ByID(ctx, id) })
}

type rolesInput struct {
	ID      web.ID `path:"id"`
	IfMatch string `header:"If-Match"`
	Body    struct {
		Roles []string `json:"roles" maxItems:"10" enum:"customer,seller,warehouse,support,admin"`
	}
}

func (h *Handler) grant(ctx context.Context, in *rolesInput) (*userReply, error) {
	return answer(in.ID, func(id string) (domain.User, error) {
		return h.Accounts.Grant(ctx, id, actor(ctx), in.Body.Roles, ifMatch(in.IfMatch))
	})
}

type accessInput struct {
	ID      web.ID `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag that the decision is based on"`
}

func (h *Handler) block(ctx context.Context, in *accessInput, key idempotency.Key) (idempotency.Reply, error) {
	return command(in, key, func(id string, expect service.Expect, answer service.Answer) (idempotency.Reply, error) {
		return h.Accounts.Block(ctx, id, actor(ctx), expect, answer)
	})
}

func (h *Handler) unblock(ctx context.Context, in *accessInput, key idempotency.Key) (idempotency.Reply, error) {
	return command(in, key, func(id string, expect service.Expect, answer service.Answer) (idempotency.Reply, error) {
		return h.Accounts.Unblock(ctx, id, actor(ctx), expect, answer)
	})
}

// command does something with the user that the path of a POST names.
func command(
	in *accessInput, key idempotency.Key, do func(string, service.Expect, service.Answer) (idempotency.Reply, error),
) (idempotency.Reply, error) {
	reply, err := do(string(in.ID), ifMatch(in.IfMatch), service.Answer{Key: key, Render: func(u domain.User) (idempotency.Reply, error) {
		return replay.Reply(http.StatusOK, userOf(u), u.Version, "")
	}})
	return reply, translate(err)
}

// answer does something with the user that a path names.
func answer(id web.ID, do func(id string) (domain.User, error)) (*userReply, error) {
	user, err := do(string(id))
	if err != nil {
		return nil, translate(err)
	}
	return replyUser(user), nil
}
