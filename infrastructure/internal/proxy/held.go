package proxy

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"marketplace/shared/fault"
)

// chunkBytes is the piece in which replies are held.
const chunkBytes = 16 << 10

// heldRetry is when a client that was refused may come again.
const heldRetry = time.Second

var (
	errSlowReader = fault.New(fault.TooMany, "replies_unread", "Too much that was sent to this address has not been read yet.").WithRetryAfter(heldRetry)
	errFull       = fault.New(fault.Unavailable, "busy", "Too many replies are on their way: try again.").WithRetryAfter(heldRetry)
)

// held counts the bytes of replies that have been read from services and not been sent to their clients yet. It is safe for
// concurrent use.
type held struct {
	limits func() Limits // of them count those on what is held, by all clients and by one

	mu      sync.Mutex
	total   int64
	clients map[string]int64 // those that hold something

	bytes   prometheus.Gauge
	refused *prometheus.CounterVec
	chunks  sync.Pool
}

func newHeld(registry prometheus.Registerer, limits func() Limits) *held {
	h := &held{
		limits: limits, clients: map[string]int64{},
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gateway_held_bytes", Help: "Bytes of replies that clients have not read yet.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_held_refused_total", Help: "Requests that were refused because their client, or all together, held too much.",
		}, []string{"bound"}),
		chunks: sync.Pool{New: func() any { return new([chunkBytes]byte) }},
	}
	registry.MustRegister(h.bytes, h.refused)
	return h
}

// room is nil when a client may hold another chunk.
func (h *held) room(client string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.roomLocked(client)
}

func (h *held) roomLocked(client string) error {
	limits := h.limits()
	switch {
	case h.clients[client]+chunkBytes > limits.HeldPerClient:
		h.refused.WithLabelValues("client").Inc()
		return errSlowReader
	case h.total+chunkBytes > limits.Held:
		h.refused.WithLabelValues("all").Inc()
		return errFull
	}
	return nil
}

// take lends a chunk to a client; give takes it back.
func (h *held) take(client string) (*[chunkBytes]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.roomLocked(client); err != nil {
		return nil, err
	}
	h.count(client, chunkBytes)
	return h.chunks.Get().(*[chunkBytes]byte), nil
}

func (h *held) give(client string, chunk *[chunkBytes]byte) {
	h.chunks.Put(chunk)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count(client, -chunkBytes)
}

func (h *held) count(client string, bytes int64) {
	h.total += bytes
	if h.clients[client] += bytes; h.clients[client] == 0 {
		delete(h.clients, client)
	}
	h.bytes.Set(float64(h.total))
}
