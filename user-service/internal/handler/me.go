package handler

import (
	"context"

	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/text"
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
		Name text.Line `json:"name" minLength:"1" maxLength:"100" code:"name_invalid"`
	}
}

func (h *Handler) rename(ctx context.Context, in *renameInput) (*userReply, error) {
	user, err := h.Accounts.Rename(ctx, actor(ctx), string(in.Body.Name), ifMatch(in.IfMatch))
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
		CurrentPassword string `json:"current_password" maxLength:"512" format:"password"`
		NewPassword     string `json:"new_password" minLength:"8" maxLength:"128" format:"password"`
	}
}

func (h *Handler) changePassword(ctx context.Context, in *passwordInput, key idempotency.Key) (idempotency.Reply, error) {
	done := func(domain.PasswordChange) (idempotency.Reply, error) { return replay.NoContent(), nil }
	reply, err := h.Accounts.ChangePassword(ctx, actor(ctx), caller(ctx).SessionID, in.Body.CurrentPassword, in.Body.NewPassword,
		service.PasswordAnswer{Key: key, Render: done})
	return reply, translate(err)
}

type sessionsInput struct{ web.Page }

type sessionsReply struct{ Body web.List[Session] }

func (h *Handler) listSessions(ctx context.Context, in *sessionsInput) (*sessionsReply, error) {
	who := caller(ctx)
	cursor := web.NewCursor[web.ID]("sessions.1", in, who.UserID)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	found, err := h.Sessions.Live(ctx, who.UserID, string(after), in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &sessionsReply{Body: web.PageOf(cursor, found, in.Limit,
		func(s domain.Session) Session { return sessionOf(s, who.SessionID) },
		func(s domain.Session) web.ID { return web.ID(s.ID) })}, nil
}

type idInput struct {
	ID web.ID `path:"id"`
}

func (h *Handler) endSession(ctx context.Context, in *idInput) (*struct{}, error) {
	return nil, translate(h.Auth.EndSession(ctx, actor(ctx), string(in.ID), domain.RevokedByUser))
}
