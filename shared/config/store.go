package config

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longPoll is how long Consul may hold a read while nothing changes.
const longPoll = 5 * time.Minute

// readTimeout is what a read may take: Consul adds up to a sixteenth to a long poll, and a frozen one never answers.
const readTimeout = longPoll + longPoll/16 + 10*time.Second

// client keeps no connection: a read is rare, and one that is held open would outlive who asked.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// store is the part of Consul's key-value store that belongs to one service. It is read with plain HTTP: two
// requests do not earn a client library.
type store struct {
	url, prefix string
	token       string // of Consul's access control, when it is on
}

// snapshot is the keys as they were at an index.
type snapshot struct {
	keys  map[string]any
	index uint64
}

// read returns the keys. With an index above 0 it waits until something has changed since.
// No store configured is an empty snapshot.
func (s store) read(ctx context.Context, index uint64) (snapshot, error) {
	if s.url == "" {
		return snapshot{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	target := fmt.Sprintf("%s/v1/kv/%s?recurse=true&wait=%s&index=%d", strings.TrimRight(s.url, "/"), s.prefix, longPoll, index)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return snapshot{}, err
	}
	if s.token != "" {
		req.Header.Set("X-Consul-Token", s.token)
	}
	res, err := client.Do(req)
	if err != nil {
		return snapshot{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return snapshot{}, err
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotFound { // 404: no keys
		return snapshot{}, fmt.Errorf("consul replied %s", res.Status)
	}
	return s.parse(body, res)
}

func (s store) parse(body []byte, res *http.Response) (snapshot, error) {
	snap := snapshot{keys: map[string]any{}}
	snap.index, _ = strconv.ParseUint(res.Header.Get("X-Consul-Index"), 10, 64)
	if res.StatusCode == http.StatusNotFound {
		return snap, nil
	}
	var pairs []struct {
		Key   string
		Value []byte
	}
	if err := json.Unmarshal(body, &pairs); err != nil {
		return snapshot{}, fmt.Errorf("consul's reply: %w", err)
	}
	for _, p := range pairs {
		if key := strings.TrimPrefix(p.Key, s.prefix); key != "" { // the folder itself may be a key
			snap.keys[key] = string(p.Value)
		}
	}
	return snap, nil
}
