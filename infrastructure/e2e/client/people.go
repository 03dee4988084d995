package client

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
)

// Password is every test person's; long enough, known to nobody else.
const Password = "correct-horse-battery"

// User is what the marketplace says of a person.
type User struct {
	ID      string   `json:"id"`
	Email   string   `json:"email"`
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
	Status  string   `json:"status"`
	Version int      `json:"version"`
}

// Tokens is what registering, signing in and refreshing answer.
type Tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	User         User   `json:"user"`
}

// Register makes a new customer, signed in.
func (c *Client) Register(t testing.TB) (*Client, User) {
	t.Helper()
	var tokens Tokens
	c.Do(t, http.MethodPost, "/api/v1/auth/register", map[string]string{
		"email": uuid.NewString() + "@example.com", "password": Password, "name": "Test Person",
	}).Want(t, http.StatusCreated).Into(t, &tokens)
	return c.WithToken(tokens.AccessToken), tokens.User
}

// Login signs somebody in.
func (c *Client) Login(t testing.TB, email, password string) *Client {
	t.Helper()
	var tokens Tokens
	c.Do(t, http.MethodPost, "/api/v1/auth/login", map[string]string{"email": email, "password": password}).
		Want(t, http.StatusOK).Into(t, &tokens)
	return c.WithToken(tokens.AccessToken)
}

// Staff makes a new person to whom the admin gives these roles beside customer.
func (c *Client) Staff(t testing.TB, admin *Client, roles ...string) *Client {
	t.Helper()
	_, user := c.Register(t)
	admin.Do(t, http.MethodPut, "/api/v1/users/"+user.ID+"/roles", map[string]any{"roles": append(roles, "customer")}).
		Want(t, http.StatusOK)
	return c.Login(t, user.Email, Password)
}
