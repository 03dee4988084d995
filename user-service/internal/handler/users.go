package handler

import (
	"context"

	"marketplace/shared/web"
	"marketplace/user-service/internal/domain"
)

type usersInput struct {
	web.Page
	Query  string `query:"query" maxLength:"100" doc:"Part of the e-mail address or the name"`
	Role   string `query:"role" enum:"customer,seller,warehouse,support,admin"`
	Status string `query:"status" enum:"active,blocked"`
}

type usersReply struct{ Body web.List[User] }

func (h *Handler) listUsers(ctx context.Context, in *usersInput) (*usersReply, error) {
	after, err := web.CursorID(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := h.Users.List(ctx, domain.UserFilter{
		Query: in.Query, Role: in.Role, Status: in.Status, After: after, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &usersReply{Body: page(found, in.Limit, userOf, func(u domain.User) string { return u.ID })}, nil
}

func (h *Handler) user(ctx context.Context, in *idInput) (*userReply, error) {
	return answer(in.ID, func(id string) (domain.User, error) { return h.Users.ByID(ctx, id) })
}

type rolesInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match"`
	Body    struct {
		Roles []string `json:"roles" maxItems:"10" enum:"customer,seller,warehouse,support,admin"`
	}
}

func (h *Handler) grant(ctx context.Context, in *rolesInput) (*userReply, error) {
	return answer(in.ID, func(id string) (domain.User, error) {
		return h.Accounts.Grant(ctx, id, in.Body.Roles, ifMatch(in.IfMatch))
	})
}

func (h *Handler) block(ctx context.Context, in *idInput) (*userReply, error) {
	return answer(in.ID, func(id string) (domain.User, error) { return h.Accounts.Block(ctx, id) })
}

func (h *Handler) unblock(ctx context.Context, in *idInput) (*userReply, error) {
	return answer(in.ID, func(id string) (domain.User, error) { return h.Accounts.Unblock(ctx, id) })
}

// answer does something with the user that a path names.
func answer(pathID string, do func(id string) (domain.User, error)) (*userReply, error) {
	id, err := web.ParseID(pathID)
	if err != nil {
		return nil, err
	}
	user, err := do(id)
	if err != nil {
		return nil, translate(err)
	}
	return replyUser(user), nil
}
