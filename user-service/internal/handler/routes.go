package handler

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/auth"
	"marketplace/shared/web"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/service"
)

// Users reads users.
type Users interface {
	ByID(ctx context.Context, id string) (domain.User, error)
	List(ctx context.Context, filter domain.UserFilter) ([]domain.User, error)
}

// Sessions reads sessions.
type Sessions interface {
	Live(ctx context.Context, userID, after string, limit int) ([]domain.Session, error)
}

// Handler answers requests.
type Handler struct {
	Auth     *service.Auth
	Accounts *service.Accounts
	Users    Users
	Sessions Sessions
	JWKS     []byte
}

const base = "/api/v1"

// Register adds all routes with their policies.
func (h *Handler) Register(s *web.Server) {
	admin := auth.AnyOf(auth.RoleAdmin)

	web.Handle(s, auth.Public(), post("/auth/register", "Create an account and sign in", http.StatusCreated), h.register)
	web.Handle(s, auth.Public(), post("/auth/login", "Sign in", http.StatusOK), h.login)
	web.Handle(s, auth.Public(), post("/auth/refresh", "Trade a refresh token for new tokens", http.StatusOK), h.refresh)
	web.Handle(s, auth.SignedIn(), post("/auth/logout", "End this session", http.StatusNoContent), h.logout)
	web.Handle(s, auth.Public(), huma.Operation{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", Summary: "Public keys of access tokens", Tags: []string{"auth"},
	}, h.jwks)

	web.Handle(s, auth.SignedIn(), get("/users/me", "Me"), h.me)
	web.Handle(s, auth.SignedIn(), operation(http.MethodPatch, "/users/me", "Change my name", http.StatusOK), h.rename)
	web.Handle(s, auth.SignedIn(), post("/users/me/password", "Change my password; ends my other sessions", http.StatusNoContent), h.changePassword)
	web.Handle(s, auth.SignedIn(), get("/users/me/sessions", "Where I am signed in"), h.listSessions)
	web.Handle(s, auth.SignedIn(), operation(http.MethodDelete, "/users/me/sessions/{id}", "End one of my sessions", http.StatusNoContent), h.endSession)

	web.Handle(s, admin, get("/users", "Find users"), h.listUsers)
	web.Handle(s, admin, get("/users/{id}", "A user"), h.user)
	web.Handle(s, admin, operation(http.MethodPut, "/users/{id}/roles", "Replace a user's roles", http.StatusOK), h.grant)
	web.Handle(s, admin, post("/users/{id}/block", "Block a user and end their sessions", http.StatusOK), h.block)
	web.Handle(s, admin, post("/users/{id}/unblock", "Let a user sign in again", http.StatusOK), h.unblock)
}

func get(path, summary string) huma.Operation {
	return operation(http.MethodGet, path, summary, http.StatusOK)
}

func post(path, summary string, status int) huma.Operation {
	return operation(http.MethodPost, path, summary, status)
}

func operation(method, path, summary string, status int) huma.Operation {
	tag := "users"
	if strings.HasPrefix(path, "/auth/") {
		tag = "auth"
	}
	return huma.Operation{
		Method: method, Path: base + path, Summary: summary, DefaultStatus: status, Tags: []string{tag},
	}
}

// caller is the signed-in user; the route's policy has seen to it that there is one.
func caller(ctx context.Context) auth.Identity {
	id, _ := auth.From(ctx)
	return id
}
