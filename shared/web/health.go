package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	probeTimeout = 2 * time.Second
	// probedFor is how long a result is given out again. Anybody may ask, and a probe costs a connection of each thing.
	probedFor = time.Second
)

// Check is something that the process needs. Only what it cannot answer any request without is critical: its own
// database. If a broker were, its outage would take every service out of the registry at once.
type Check struct {
	Name     string
	Critical bool
	Probe    func(ctx context.Context) error
}

// health is the body of the health routes.
type health struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// live says that the process works.
func (s *Server) live(c *gin.Context) { c.JSON(http.StatusOK, health{Status: "up"}) }

// ready says whether requests should come here: 503 without something critical and from the first moment of a stop.
func (s *Server) ready(c *gin.Context) {
	select {
	case <-s.stopping:
		c.JSON(http.StatusServiceUnavailable, health{Status: "stopping"})
		return
	default:
	}
	failures := s.probed.get(s.probe)
	reply, status := health{Status: "ready", Checks: map[string]string{}}, http.StatusOK
	for i, check := range s.options.Checks {
		switch {
		case failures[i] == nil:
			reply.Checks[check.Name] = "up"
			continue
		case check.Critical:
			reply.Status, status = "unavailable", http.StatusServiceUnavailable
		case status == http.StatusOK:
			reply.Status = "degraded"
		}
		reply.Checks[check.Name] = "down"
	}
	c.JSON(status, reply)
}

// probed remembers the last result. Who asks meanwhile waits for the probe that runs.
type probed struct {
	mu       sync.Mutex
	failures []error
	until    time.Time
}

func (p *probed) get(probe func() []error) []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().After(p.until) {
		p.failures = probe()
		p.until = time.Now().Add(probedFor)
	}
	return p.failures
}

// probe runs all checks at once and returns their errors in order. It does not end with the request of whoever asked first.
func (s *Server) probe() []error {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	failures := make([]error, len(s.options.Checks))
	var running sync.WaitGroup
	for i, check := range s.options.Checks {
		running.Go(func() {
			if failures[i] = check.Probe(ctx); failures[i] != nil {
				s.log.Debug().Err(failures[i]).Str("check", check.Name).Msg("a check failed")
			}
		})
	}
	running.Wait()
	return failures
}

// HealthCommand answers "<service> health": it asks the process on this machine whether it lives, for container images that have no
// other program to do so. handled is false for every other command line.
func HealthCommand(args []string, port int) (handled bool, err error) {
	if len(args) != 1 || args[0] != "health" {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/health/live", port), nil)
	if err != nil {
		return true, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return true, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return true, fmt.Errorf("health: %s", res.Status)
	}
	return true, nil
}
