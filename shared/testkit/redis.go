package testkit

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// loan is how long a test may keep a Redis database; a killed test's one comes back after it.
const loan = 10 * time.Minute

// Redis lends the test a Redis database of its own, empty, until it ends, and returns its address. Database 0 holds the
// list of loans for all test processes; when all are lent, Redis waits for one.
func Redis(t testing.TB) string {
	t.Helper()
	options, err := redis.ParseURL(setting(t, "TEST_REDIS_URL"))
	if err != nil {
		t.Fatalf("TEST_REDIS_URL: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	lender := redis.NewClient(options)
	t.Cleanup(func() { _ = lender.Close() })
	count, err := databases(ctx, lender)
	if err != nil {
		t.Fatalf("Redis: %v (are the test servers up? `make test-servers`)", err)
	}

	owner := random()
	var number int
	Eventually(t, time.Minute, func() bool {
		number = borrow(ctx, lender, owner, count)
		return number > 0
	}, "every Redis database is lent")
	own := *options
	own.DB = number
	empty(t, &own)
	t.Cleanup(func() {
		empty(t, &own)
		lender.Del(context.Background(), loanKey(number))
	})
	password := ""
	if own.Password != "" {
		password = own.Username + ":" + own.Password + "@"
	}
	return fmt.Sprintf("redis://%s%s/%d", password, own.Addr, number)
}

func databases(ctx context.Context, client *redis.Client) (int, error) {
	settings, err := client.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(settings["databases"])
}

func borrow(ctx context.Context, lender *redis.Client, owner string, count int) int {
	for number := 1; number < count; number++ {
		if free, err := lender.SetNX(ctx, loanKey(number), owner, loan).Result(); err == nil && free {
			return number
		}
	}
	return 0
}

func empty(t testing.TB, options *redis.Options) {
	t.Helper()
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		t.Errorf("empty Redis database %d: %v", options.DB, err)
	}
}

func loanKey(number int) string { return "testkit:loan:" + strconv.Itoa(number) }
