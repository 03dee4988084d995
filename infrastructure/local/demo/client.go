package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	tries       = 6
	askTimeout  = 20 * time.Second
	firstPause  = 300 * time.Millisecond
	pollEvery   = 500 * time.Millisecond
	maxResponse = 4 << 20
)

// client is somebody at the gateway, signed in or not.
type client struct {
	base  string
	token string
	http  *http.Client
}

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{
		Timeout: askTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: parallel},
	}}
}

// problem is a reply that is no success.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

func (p *problem) Error() string {
	text := fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail)
	for _, e := range p.Errors {
		text += fmt.Sprintf(" (%s %s)", e.Location, e.Message)
	}
	return text
}

// hasCode says whether err is a problem with the code.
func hasCode(err error, code string) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.Code == code
}

func (c *client) get(ctx context.Context, path string, out any) error {
	return c.call(ctx, http.MethodGet, path, nil, out)
}

// post sends with an Idempotency-Key that is derived from what is sent: a repeat has the effect of one.
func (c *client) post(ctx context.Context, path string, body, out any) error {
	return c.call(ctx, http.MethodPost, path, body, out)
}

// call sends a request, and again while the marketplace is busy or starting. All that the demo sends may be sent twice.
func (c *client) call(ctx context.Context, method, path string, body, out any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return err
		}
	}
	pause := firstPause
	for try := 1; ; try++ {
		wait, err := c.send(ctx, method, path, encoded, out)
		if err == nil {
			return nil
		}
		if wait < 0 || try == tries {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		if err := sleep(ctx, max(wait, pause)); err != nil {
			return err
		}
		pause *= 2
	}
}

// send sends once. A negative wait says that the answer would be the same again.
func (c *client) send(ctx context.Context, method, path string, body []byte, out any) (wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		sum := sha256.Sum256(append([]byte(path+"\n"), body...))
		request.Header.Set("Idempotency-Key", "demo-"+hex.EncodeToString(sum[:16]))
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	reply, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxResponse))
	if err != nil {
		return 0, err
	}
	if reply.StatusCode < 300 {
		if out == nil {
			return 0, nil
		}
		return -1, json.Unmarshal(text, out)
	}
	failed := &problem{Status: reply.StatusCode}
	_ = json.Unmarshal(text, failed) // the status says enough
	return retryIn(reply), failed
}

// retryIn is how long to wait before another try, negative when there is no point.
func retryIn(reply *http.Response) time.Duration {
	seconds, _ := strconv.Atoi(reply.Header.Get("Retry-After"))
	switch {
	case reply.StatusCode == http.StatusTooManyRequests, reply.StatusCode >= 500:
		return time.Duration(seconds) * time.Second
	case reply.StatusCode == http.StatusConflict && seconds > 0: // the first try is still running
		return time.Duration(seconds) * time.Second
	default:
		return -1
	}
}

// all reads every page of a list.
func all[T any](ctx context.Context, c *client, path string, query url.Values) ([]T, error) {
	var items []T
	query.Set("limit", "100")
	for {
		var page struct {
			Items      []T    `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := c.get(ctx, path+"?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.NextCursor == "" {
			return items, nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
