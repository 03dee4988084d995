package domain

import "time"

// Action is what was done to an account.
type Action string

// The actions that the audit log knows; the database holds the same list.
const (
	ActionCreated         Action = "created"
	ActionRenamed         Action = "renamed"
	ActionRolesChanged    Action = "roles_changed"
	ActionBlocked         Action = "blocked"
	ActionUnblocked       Action = "unblocked"
	ActionPasswordChanged Action = "password_changed"
	ActionSignedIn        Action = "signed_in"
	ActionSessionEnded    Action = "session_ended"
	ActionSignInFailed    Action = "sign_in_failed"
)

// Why a sign-in failed, as the audit log says it.
const (
	FailedPassword = "wrong_password"
	FailedUnknown  = "no_account"
	FailedBlocked  = "account_blocked"
)

// Actor is who acts, and from where. The zero Actor is the service itself.
type Actor struct {
	UserID  string // empty: nobody is signed in
	Network string // the client's address, or the network that one household has
}

// AuditEntry is one act on an account, as it stands in the audit log.
type AuditEntry struct {
	ID          int64 // grows with time, almost: entries of parallel transactions may change places
	UserID      *string
	ActorID     *string
	Action      Action
	Reason      *string  // why a session ended or a sign-in failed
	SessionID   *string  // that the act began or ended
	RolesBefore []string // only of ActionRolesChanged
	RolesAfter  []string
	Network     string
	CreatedAt   time.Time
}

// Entry is the beginning of an entry about the user's account, done by the actor at a time.
func (a Actor) Entry(userID string, action Action, at time.Time) AuditEntry {
	return AuditEntry{UserID: present(userID), ActorID: present(a.UserID), Action: action, Network: a.Network, CreatedAt: at}
}

// ForSession names the session that the act was about, and why it ended.
func (e AuditEntry) ForSession(id, reason string) AuditEntry {
	e.SessionID, e.Reason = present(id), present(reason)
	return e
}

// Because says why a sign-in failed.
func (e AuditEntry) Because(reason string) AuditEntry {
	e.Reason = &reason
	return e
}

// Audit is what the change of a user from before to after is in the audit log. There is none if nothing changed.
func (a Actor) Audit(before, after User, at time.Time) []AuditEntry {
	if before.Version == after.Version {
		return nil
	}
	entry := a.Entry(after.ID, ActionRenamed, at)
	switch {
	case before.Status != after.Status && after.Status == StatusBlocked:
		entry.Action = ActionBlocked
	case before.Status != after.Status:
		entry.Action = ActionUnblocked
	case before.Name == after.Name:
		entry.Action, entry.RolesBefore, entry.RolesAfter = ActionRolesChanged, before.Roles, after.Roles
	}
	return []AuditEntry{entry}
}

// present is a pointer to s, or nil for an empty one.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
