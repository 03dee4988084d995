package handler

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/auth"
	"marketplace/shared/replay"
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

// Audit reads the audit log.
type Audit interface {
	Of(ctx context.Context, userID string, before int64, limit int) ([]domain.AuditEntry, error)
}

// Handler answers requests.
type Handler struct {
	Auth     *service.Auth
	Accounts *service.Accounts
	Users    Users
	Sessions Sessions
	Audit    Audit
	JWKS     []byte
}

const base = "/api/v1"

// maxBody is for every route, in bytes: the largest body that one needs is a token. Most need no signing in.
const maxBody = 4 << 10

// Register adds all routes with their policies.
func (h *Handler) Register(s *web.Server) {
	admin := auth.AnyOf(auth.RoleAdmin)

	web.Handle(s, auth.Public(), web.WithoutKey(post("/auth/register", "Create an account and sign in", http.StatusCreated),
		"An e-mail address has one account: the same registration again is refused with `email_taken`."), h.register)
	web.Handle(s, auth.Public(), web.WithoutKey(post("/auth/login", "Sign in", http.StatusOK),
		"Each request begins a session of its own."), h.login)
	web.Handle(s, auth.Public(), web.WithoutKey(post("/auth/refresh", "Trade a refresh token for new tokens", http.StatusOK),
		"The same refresh token gives the same next one for 30 seconds, and ends the session after that."), h.refresh)
	web.Handle(s, auth.SignedIn(), web.WithoutKey(post("/auth/logout", "End this session", http.StatusNoContent),
		"A session ends once."), h.logout)
	web.Handle(s, auth.Public(), huma.Operation{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", Summary: "Public keys of access tokens", Tags: []string{"auth"},
	}, h.jwks)

	web.Handle(s, auth.SignedIn(), get("/users/me", "Me"), h.me)
	web.Handle(s, auth.SignedIn(), operation(http.MethodPatch, "/users/me", "Change my name", http.StatusOK), h.rename)
	replay.Post(s, auth.SignedIn(), post("/users/me/password", "Change my password; ends my other sessions", http.StatusNoContent), h.changePassword)
	web.Handle(s, auth.SignedIn(), get("/users/me/sessions", "Where I am signed in"), h.listSessions)
	web.Handle(s, auth.SignedIn(), operation(http.MethodDelete, "/users/me/sessions/{id}", "End one of my sessions", http.StatusNoContent), h.endSession)

	web.Handle(s, admin, get("/users", "Find users"), h.listUsers)
	web.Handle(s, admin, get("/users/{id}", "A user"), h.user)
	web.Handle(s, admin, operation(http.MethodPut, "/users/{id}/roles", "Replace a user's roles", http.StatusOK), h.grant)
	web.Handle(s, admin, get("/users/{id}/audit", "What was done to a user's account, newest first"), h.audit)
	replay.Post(s, admin, access(s, "/users/{id}/block", "Block a user and end their sessions"), h.block)
	replay.Post(s, admin, access(s, "/users/{id}/unblock", "Let a user sign in again"), h.unblock)
}

func get(path, summary string) huma.Operation {
	return operation(http.MethodGet, path, summary, http.StatusOK)
}

func post(path, summary string, status int) huma.Operation {
	return operation(http.MethodPost, path, summary, status)
}

// access is an operation that lets a user in or keeps them out.
func access(s *web.Server, path, summary string) huma.Operation {
	op := post(path, summary, http.StatusOK)
	op.Description = "Send an `Idempotency-Key`: a request that is repeated late would otherwise undo what another admin has decided since. " +
		"`If-Match` makes the request depend on the version that was seen."
	return web.Replies[User](s, op, http.StatusOK)
}

func operation(method, path, summary string, status int) huma.Operation {
	tag := "users"
	if strings.HasPrefix(path, "/auth/") {
		tag = "auth"
	}
	return huma.Operation{
		Method: method, Path: base + path, Summary: summary, DefaultStatus: status, Tags: []string{tag}, MaxBodyBytes: maxBody,
	}
}

// caller is the signed-in user; the route's policy has seen to it that there is one.
func caller(ctx context.Context) auth.Identity {
	id, _ := auth.From(ctx)
	return id
}

// actor is the signed-in user, and where the request comes from.
func actor(ctx context.Context) domain.Actor {
	return domain.Actor{UserID: caller(ctx).UserID, Network: web.ClientNetwork(ctx)}
}
