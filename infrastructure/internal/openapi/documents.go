package openapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	refreshEvery = time.Minute     // once all services have answered
	askAgain     = 2 * time.Second // while one has not
	askTimeout   = 3 * time.Second
	maxDocument  = 8 << 20
)

// Documents are the services' descriptions, the merged one that is served, and what they say of tokens.
type Documents struct {
	transport http.RoundTripper // takes a service's name for a host
	services  []string
	log       zerolog.Logger
	served    atomic.Pointer[served]

	raw    map[string][]byte // Run's own
	parsed map[string]document
}

type served struct {
	body     []byte
	etag     string
	policies *policies
}

// NewDocuments serves an empty document until Run has learned of services.
func NewDocuments(transport http.RoundTripper, services []string, log zerolog.Logger) *Documents {
	d := &Documents{
		transport: transport, services: services, log: log, raw: map[string][]byte{}, parsed: map[string]document{},
	}
	d.publish()
	return d
}

// Run keeps the documents fresh until ctx ends.
func (d *Documents) Run(ctx context.Context) error {
	for {
		d.refresh(ctx)
		pause := refreshEvery
		if len(d.parsed) < len(d.services) {
			pause = askAgain
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// refresh asks all services at once and publishes if anything is new.
func (d *Documents) refresh(ctx context.Context) {
	replies := make([][]byte, len(d.services))
	var asking sync.WaitGroup
	for i, service := range d.services {
		asking.Go(func() {
			body, err := d.ask(ctx, service)
			if err != nil {
				d.log.Debug().Err(err).Str("service", service).Msg("no OpenAPI document: the last one stays")
				return
			}
			replies[i] = body
		})
	}
	asking.Wait()
	changed := false
	for i, service := range d.services {
		changed = d.learn(service, replies[i]) || changed
	}
	if changed {
		d.publish()
	}
}

func (d *Documents) ask(ctx context.Context, service string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+service+"/openapi.json", http.NoBody)
	if err != nil {
		return nil, err
	}
	reply, err := d.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", reply.StatusCode)
	}
	return io.ReadAll(io.LimitReader(reply.Body, maxDocument))
}

// learn takes a service's document and says whether it is news.
func (d *Documents) learn(service string, raw []byte) bool {
	if raw == nil || bytes.Equal(raw, d.raw[service]) {
		return false
	}
	parsed, err := parse(raw)
	if err != nil {
		d.log.Warn().Err(err).Str("service", service).Msg("the last OpenAPI document stays")
		return false
	}
	d.raw[service], d.parsed[service] = raw, parsed
	return true
}

func (d *Documents) publish() {
	whole, clashes := merge(d.parsed)
	if len(clashes) > 0 {
		d.log.Warn().Strs("names", clashes).Msg("services describe the same name differently")
	}
	body, err := json.Marshal(whole)
	if err != nil {
		d.log.Error().Err(err).Msg("the merged OpenAPI document cannot be encoded")
		return
	}
	sum := sha256.Sum256(body)
	d.served.Store(&served{body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, policies: policiesOf(whole.Paths)})
}

// ServeHTTP answers with the merged document.
func (d *Documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := d.served.Load()
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-cache")
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("ETag", now.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(now.body))
}
