// Package client speaks to the marketplace as a person's program would: through the gateway, in JSON.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Client is one person at the gateway, signed in or not.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New returns somebody who has not signed in.
func New(base string) *Client {
	return &Client{base: base, http: &http.Client{
		Timeout:   40 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 256},
	}}
}

// WithToken returns the same person with an access token.
func (c *Client) WithToken(token string) *Client {
	signedIn := *c
	signedIn.token = token
	return &signedIn
}

// Token is the access token, empty when not signed in.
func (c *Client) Token() string { return c.token }

// Reply is what came back, whole.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Header is a request header to add.
type Header struct{ Name, Value string }

// Key is a fresh Idempotency-Key.
func Key() Header { return Header{"Idempotency-Key", uuid.NewString()} }

// Send sends one request. A body that is a string or bytes goes as it is, anything else as JSON; nil sends none.
func (c *Client) Send(ctx context.Context, method, path string, body any, headers ...Header) (Reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return Reply{}, err
	}
	if body != nil {
		encoded, err := encode(body)
		if err != nil {
			return Reply{}, err
		}
		request.Body = io.NopCloser(bytes.NewReader(encoded))
		request.ContentLength = int64(len(encoded))
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, header := range headers {
		request.Header.Set(header.Name, header.Value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return Reply{Status: response.StatusCode, Header: response.Header, Body: read}, err
}

func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case string:
		return []byte(body), nil
	case []byte:
		return body, nil
	}
	return json.Marshal(body)
}

// Do is Send for a test: a request that gets no reply fails it.
func (c *Client) Do(t testing.TB, method, path string, body any, headers ...Header) Reply {
	t.Helper()
	reply, err := c.Send(t.Context(), method, path, body, headers...)
	require.NoError(t, err, "%s %s", method, path)
	return reply
}

// Get reads a resource into out and wants 200.
func (c *Client) Get(t testing.TB, path string, out any) {
	t.Helper()
	c.Do(t, http.MethodGet, path, nil).Want(t, http.StatusOK).Into(t, out)
}

// Want fails the test when the status is another one.
func (r Reply) Want(t testing.TB, status int) Reply {
	t.Helper()
	require.Equal(t, status, r.Status, "%s", r.Body)
	return r
}

// Into decodes the JSON body.
func (r Reply) Into(t testing.TB, out any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(r.Body, out), "%s", r.Body)
}

// Problem is the body of every error.
type Problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"`
	Code    string `json:"code"`
	TraceID string `json:"trace_id"`
}

// WantProblem wants problem+json with this status and stable code.
func (r Reply) WantProblem(t testing.TB, status int, code string) Problem {
	t.Helper()
	var problem Problem
	require.Equal(t, status, r.Status, "%s", r.Body)
	require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"), "%s", r.Body)
	require.NoError(t, json.Unmarshal(r.Body, &problem), "%s", r.Body)
	require.Equal(t, code, problem.Code, "%s", r.Body)
	require.Equal(t, status, problem.Status)
	return problem
}

// String shows a reply in a failed test's message.
func (r Reply) String() string { return fmt.Sprintf("%d %s", r.Status, r.Body) }
