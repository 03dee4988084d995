package handler

import (
	"context"

	"marketplace/shared/web"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/service"
)

func (h *Handler) me(ctx context.Context, _ *struct{}) (*userReply, error) {
	user, err := h.Users.ByID(ctx, caller(ctx).UserID)
	if err != nil {
		return nil, translate(err)
	}
	return replyUser(user), nil
}

type renameInput struct {
	IfMatch string `header:"If-Match"`
	Body    struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	}
}

func (h *Handler) rename(ctx context.Context, in *renameInput) (*userReply, error) {
	user, err := h.Accounts.Rename(ctx, caller(ctx).UserID, in.Body.Name, ifMatch(in.IfMatch))
	if err != nil {
		return nil, translate(err)
	}
	return replyUser(user), nil
}

func ifMatch(header string) service.Expect {
	return func(version int) error { return web.MatchVersion(header, version) }
}

type passwordInput struct {
	Body struct {
		CurrentPassword string `json:"current_password" maxLength:"512"`
		NewPassword     string `json:"new_password" minLength:"8" maxLength:"128"`
	}
}

func (h *Handler) changePassword(ctx context.Context, in *passwordInput) (*struct{}, error) {
	return nil, translate(h.Accounts.ChangePassword(ctx, caller(ctx), in.Body.CurrentPassword, in.Body.NewPassword))
}

type sessionsInput struct{ web.Page }

type sessionsReply struct{ Body web.List[Session] }

func (h *Handler) listSessions(ctx context.Context, in *sessionsInput) (*sessionsReply, error) {
	after, err := web.CursorID(in.Cursor)
	if err != nil {
		return nil, err
	}
	who := caller(ctx)
	found, err := h.Sessions.Live(ctx, who.UserID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &sessionsReply{Body: page(found, in.Limit,
		func(s domain.Session) Session { return sessionOf(s, who.SessionID) },
		func(s domain.Session) string { return s.ID })}, nil
}

type idInput struct {
	ID string `path:"id"`
}

func (h *Handler) endSession(ctx context.Context, in *idInput) (*struct{}, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, translate(h.Auth.EndSession(ctx, caller(ctx).UserID, id, domain.RevokedByUser))
}

// page makes a list of rows that were read with one more than its limit.
func page[D, W any](rows []D, limit int, shape func(D) W, id func(D) string) web.List[W] {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = web.EncodeCursor(id(rows[limit-1]))
	}
	items := make([]W, 0, len(rows))
	for _, row := range rows {
		items = append(items, shape(row))
	}
	return web.NewList(items, next)
}
