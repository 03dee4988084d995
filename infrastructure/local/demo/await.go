package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// await waits until the gateway says that the services answer.
func (c *client) await(ctx context.Context, patience time.Duration, services ...string) error {
	end := time.Now().Add(patience)
	for {
		missing := c.missing(ctx, services)
		if len(missing) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("still not there after %s: %s", patience, strings.Join(missing, ", "))
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// missing are those of the services that the gateway does not report as up.
func (c *client) missing(ctx context.Context, services []string) []string {
	var health struct {
		Checks map[string]string `json:"checks"`
	}
	if err := c.health(ctx, &health); err != nil {
		return []string{"gateway at " + c.base}
	}
	var missing []string
	for _, service := range services {
		if health.Checks[service] != "up" {
			missing = append(missing, service)
		}
	}
	return missing
}

func (c *client) health(ctx context.Context, out any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/health/ready", http.NoBody)
	if err != nil {
		return err
	}
	reply, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	return json.NewDecoder(reply.Body).Decode(out)
}
