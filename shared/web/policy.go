package web

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"marketplace/shared/auth"
)

// guard asks the policy before huma reads anything.
func (s *Server) guard(policy auth.Policy) func(huma.Context, func(huma.Context)) {
	return func(h huma.Context, next func(huma.Context)) {
		ctx, err := s.admitRequest(h.Context(), policy, h.Header("Authorization"))
		if _, known := auth.From(ctx); known || policy.NeedsToken() {
			h.SetHeader("Cache-Control", "no-store") // a reply to somebody, or a refusal: nobody else may get it
		}
		if err != nil {
			s.write(humagin.Unwrap(h), s.refuse(h.Context(), err))
			return
		}
		if ctx != h.Context() {
			h = huma.WithContext(h, ctx)
		}
		next(h)
	}
}

// admitRequest returns the context of a request that the policy allows, with its identity. On a public route a bad
// token is the same as none: a client whose token has expired must still be able to refresh it, and to look around.
func (s *Server) admitRequest(ctx context.Context, policy auth.Policy, authorization string) (context.Context, error) {
	var id auth.Identity
	token, known := Bearer(authorization)
	if known {
		var err error
		if id, err = s.options.Verifier.Verify(ctx, token); err != nil {
			if policy.NeedsToken() {
				return ctx, err
			}
			known = false
		}
	}
	if err := policy.Allow(id, known); err != nil {
		return ctx, err
	}
	if known {
		ctx = auth.With(ctx, id)
	}
	return ctx, nil
}

// Bearer cuts the token out of an Authorization header (RFC 6750, 2.1; RFC 9110, 11.4: one or more spaces follow the scheme).
func Bearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.Trim(token, " ")
	return token, token != "" && strings.EqualFold(scheme, "Bearer")
}
