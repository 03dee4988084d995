package handler

import (
	"time"

	"marketplace/shared/web"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/service"
)

// User is a user on the wire.
type User struct {
	ID        string    `json:"id" format:"uuid"`
	Email     string    `json:"email" maxLength:"254"`
	Scripts   []string  `json:"email_scripts,omitempty" maxItems:"20" maxLength:"30" doc:"The scripts of the address's letters, if it has others than a to z: such an address can look like another one"`
	Name      string    `json:"name" maxLength:"100"`
	Roles     []string  `json:"roles" maxItems:"5" enum:"customer,seller,warehouse,support,admin"`
	Status    string    `json:"status" enum:"active,blocked"`
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"`
}

func userOf(u domain.User) User {
	return User{
		ID: u.ID, Email: u.Email, Scripts: domain.Scripts(u.Email), Name: u.Name, Roles: u.Roles, Status: string(u.Status), CreatedAt: u.CreatedAt.UTC(), Version: u.Version,
	}
}

// userReply is a user with the tag that a change can name.
type userReply struct {
	ETag string `header:"ETag"`
	Body User
}

func replyUser(u domain.User) *userReply {
	return &userReply{ETag: web.ETag(u.Version), Body: userOf(u)}
}

// Tokens are what a sign-in hands out (RFC 6749, 5.1).
type Tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type" enum:"Bearer"`
	ExpiresIn    int    `json:"expires_in" doc:"Seconds until the access token expires"`
	RefreshToken string `json:"refresh_token"`
}

func tokensOf(t service.Tokens) Tokens {
	return Tokens{
		AccessToken: t.Access, TokenType: "Bearer", ExpiresIn: int(domain.AccessLifetime.Seconds()), RefreshToken: t.Refresh,
	}
}

// noStore keeps tokens out of every cache (RFC 6749, 5.1).
const noStore = "no-store"

type tokensReply struct {
	CacheControl string `header:"Cache-Control"`
	Body         Tokens
}

// Session is one of the caller's sign-ins on the wire.
type Session struct {
	ID         string    `json:"id" format:"uuid"`
	Current    bool      `json:"current" doc:"Whether it is the one of this request"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at" doc:"When its tokens were last renewed"`
	ExpiresAt  time.Time `json:"expires_at"`
	UserAgent  string    `json:"user_agent" maxLength:"200"`
	Address    string    `json:"address" maxLength:"64"`
}

func sessionOf(s domain.Session, current string) Session {
	return Session{
		ID: s.ID, Current: s.ID == current, CreatedAt: s.CreatedAt.UTC(), LastUsedAt: s.RotatedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
		UserAgent: s.UserAgent, Address: s.Address,
	}
}
