package edge

import (
	"math"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"marketplace/shared/fault"
	"marketplace/shared/web"
)

// maxClients bounds the memory: the clients not seen for longest are forgotten, which refills their buckets.
const maxClients = 65536

var errTooMany = fault.New(fault.TooMany, "rate_limited", "Too many requests from this address.")

// Rate is how much a client may send.
type Rate struct {
	PerSecond float64
	Burst     int // that a quiet client may send at once
}

// Limiter is a token bucket for each client, as web.ClientNetwork tells them apart.
type Limiter struct {
	clients *lru.Cache[string, *rate.Limiter]
	current func() Rate
	now     func() time.Time
}

// NewLimiter asks current for its limits at every request, so that they can change while it runs.
func NewLimiter(current func() Rate, now func() time.Time) *Limiter {
	clients, err := lru.New[string, *rate.Limiter](maxClients)
	if err != nil {
		panic(err) // only a size below one
	}
	return &Limiter{clients: clients, current: current, now: now}
}

// Middleware refuses what exceeds the limit with 429 and Retry-After.
func (l *Limiter) Middleware(server *web.Server) gin.HandlerFunc {
	return func(c *gin.Context) {
		if wait := l.take(web.ClientNetwork(c.Request.Context())); wait > 0 {
			server.Refuse(c, errTooMany.WithRetryAfter(wait))
		}
	}
}

// take counts a request of the client and returns zero, or how long it has to wait.
func (l *Limiter) take(client string) time.Duration {
	limit := l.current()
	now := l.now()
	bucket := l.bucket(client, rate.Limit(limit.PerSecond), limit.Burst, now)
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return max(time.Duration(math.Ceil(missing/limit.PerSecond*float64(time.Second))), time.Millisecond)
}

func (l *Limiter) bucket(client string, limit rate.Limit, burst int, now time.Time) *rate.Limiter {
	bucket, ok := l.clients.Get(client)
	if !ok {
		bucket = rate.NewLimiter(limit, burst)
		if first, exists, _ := l.clients.PeekOrAdd(client, bucket); exists {
			bucket = first
		}
	}
	if bucket.Limit() != limit || bucket.Burst() != burst {
		bucket.SetLimitAt(now, limit)
		bucket.SetBurstAt(now, burst)
	}
	return bucket
}
