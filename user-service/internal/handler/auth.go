package handler

import (
	"context"

	"marketplace/shared/text"
	"marketplace/shared/web"
	"marketplace/user-service/internal/service"
)

type registerInput struct {
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Email    text.Email `json:"email" minLength:"1" maxLength:"254"`
		Password string     `json:"password" minLength:"8" maxLength:"128" format:"password"`
		Name     text.Line  `json:"name" minLength:"1" maxLength:"100" code:"name_invalid"`
	}
}

// Registered is the account and its first session.
type Registered struct {
	User User `json:"user"`
	Tokens
}

type registerReply struct {
	CacheControl string `header:"Cache-Control"`
	Location     string `header:"Location"`
	Body         Registered
}

func (h *Handler) register(ctx context.Context, in *registerInput) (*registerReply, error) {
	user, tokens, err := h.Auth.Register(ctx, service.Registration{
		Email: string(in.Body.Email), Password: in.Body.Password, Name: string(in.Body.Name), Client: client(ctx, in.UserAgent),
	})
	if err != nil {
		return nil, translate(err)
	}
	return &registerReply{
		CacheControl: noStore, Location: base + "/users/me", Body: Registered{User: userOf(user), Tokens: tokensOf(tokens)},
	}, nil
}

type loginInput struct {
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Email    text.Email `json:"email" maxLength:"254"`
		Password string     `json:"password" maxLength:"512" format:"password"`
	}
}

func (h *Handler) login(ctx context.Context, in *loginInput) (*tokensReply, error) {
	return replyTokens(h.Auth.Login(ctx, string(in.Body.Email), in.Body.Password, client(ctx, in.UserAgent)))
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" maxLength:"4096" format:"password"`
	}
}

func (h *Handler) refresh(ctx context.Context, in *refreshInput) (*tokensReply, error) {
	return replyTokens(h.Auth.Refresh(ctx, in.Body.RefreshToken, web.ClientNetwork(ctx)))
}

func (h *Handler) logout(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, translate(h.Auth.Logout(ctx, actor(ctx), caller(ctx).SessionID))
}

type jwksReply struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func (h *Handler) jwks(context.Context, *struct{}) (*jwksReply, error) {
	return &jwksReply{ContentType: "application/jwk-set+json", CacheControl: "public, max-age=300", Body: h.JWKS}, nil
}

func replyTokens(tokens service.Tokens, err error) (*tokensReply, error) {
	if err != nil {
		return nil, translate(err)
	}
	return &tokensReply{CacheControl: noStore, Body: tokensOf(tokens)}, nil
}

func client(ctx context.Context, userAgent string) service.Client {
	return service.Client{Network: web.ClientNetwork(ctx), UserAgent: userAgent}
}
