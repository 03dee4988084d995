package app

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// openRedis makes the client; it connects when it is used. It never retries and
// heeds the deadlines of its callers, who all can do without Redis.
func openRedis(url string) (*redis.Client, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("REDIS_URL is no Redis URL") // the cause would print it, with its password
	}
	logging.Disable() // its lines are not ours to read: whoever misses Redis says so once
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DialTimeout = time.Second
	options.ReadTimeout = time.Second
	options.WriteTimeout = time.Second
	return redis.NewClient(options), nil
}
