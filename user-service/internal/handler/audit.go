package handler

import (
	"context"
	"time"

	"marketplace/shared/web"
	"marketplace/user-service/internal/domain"
)

// AuditEntry is one act on an account on the wire.
type AuditEntry struct {
	ID          int64     `json:"id"`
	Action      string    `json:"action" enum:"created,renamed,roles_changed,blocked,unblocked,password_changed,signed_in,session_ended,sign_in_failed"`
	ActorID     *string   `json:"actor_id,omitempty" format:"uuid" doc:"Who did it; absent for a failed sign-in and for the service itself"`
	Reason      *string   `json:"reason,omitempty" maxLength:"64" doc:"Why the session ended or the sign-in failed"`
	SessionID   *string   `json:"session_id,omitempty" format:"uuid" doc:"The session that began or ended"`
	RolesBefore []string  `json:"roles_before,omitempty" maxItems:"5" enum:"customer,seller,warehouse,support,admin"`
	RolesAfter  []string  `json:"roles_after,omitempty" maxItems:"5" enum:"customer,seller,warehouse,support,admin"`
	Network     string    `json:"network" maxLength:"64" doc:"Where the request came from: an IPv4 address or an IPv6 network; empty for the service itself"`
	CreatedAt   time.Time `json:"created_at"`
}

func auditEntryOf(e domain.AuditEntry) AuditEntry {
	return AuditEntry{
		ID: e.ID, Action: string(e.Action), ActorID: e.ActorID, Reason: e.Reason, SessionID: e.SessionID,
		RolesBefore: e.RolesBefore, RolesAfter: e.RolesAfter, Network: e.Network, CreatedAt: e.CreatedAt.UTC(),
	}
}

type auditInput struct {
	web.Page
	ID web.ID `path:"id"`
}

type auditReply struct{ Body web.List[AuditEntry] }

func (h *Handler) audit(ctx context.Context, in *auditInput) (*auditReply, error) {
	cursor := web.NewCursor[int64]("audit.1", in, string(in.ID))
	before, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	if _, err := h.Users.ByID(ctx, string(in.ID)); err != nil {
		return nil, translate(err)
	}
	found, err := h.Audit.Of(ctx, string(in.ID), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &auditReply{Body: web.PageOf(cursor, found, in.Limit, auditEntryOf, func(e domain.AuditEntry) int64 { return e.ID })}, nil
}
