// Command consumer is a service in small, for tests that kill it: each message is one row in effects, and the body
// "poison" kills the process.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/inbox"
	"marketplace/shared/lifecycle"
	"marketplace/shared/postgres"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
)

const queue = "shop.events.v1"

func main() { lifecycle.Main(run) }

func run(ctx context.Context) error {
	tel, err := telemetry.Setup(ctx, "consumer", telemetry.Options{})
	if err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: os.Getenv("DATABASE_URL"), Schema: "shop", Telemetry: tel})
	if err != nil {
		return err
	}
	defer pool.Close()
	session := rabbit.NewSession(os.Getenv("RABBITMQ_URL"), "consumer", rabbit.Topology{
		Exchange: "shop.events", Queues: map[string][]string{queue: {"thing.made"}},
	}, tel)
	c := inbox.NewConsumer(inbox.Options{
		Pool: pool, Queue: queue, MaxAttempts: 3, Telemetry: tel,
		Known:   func(eventType string) bool { return eventType == "thing.made" },
		Backoff: func(int) time.Duration { return 10 * time.Millisecond },
		Handle: func(ctx context.Context, batch []rabbit.Message) error {
			var fresh map[string]bool
			return postgres.InBatches(ctx, pool, func(b *pgx.Batch) {
				inbox.Accept(b, queue, ids(batch), &fresh)
			}, func(b *pgx.Batch) error {
				for _, m := range batch {
					if string(m.Body) == "poison" {
						return fmt.Errorf("not reached: %w", syscall.Kill(os.Getpid(), syscall.SIGKILL))
					}
					if fresh[m.ID] {
						b.Queue(`insert into effects (message_id, body) values ($1, $2)`, m.ID, m.Body)
					}
				}
				return nil
			})
		},
	})
	group := lifecycle.New(ctx, tel.Log, func() time.Duration { return 10 * time.Second })
	group.Go("parked", c.Run)
	group.Go("consumer", func(ctx context.Context) error { return session.Consume(ctx, queue, 20, c.Batch) })
	return group.Wait()
}

func ids(batch []rabbit.Message) []string {
	list := make([]string, len(batch))
	for i, m := range batch {
		list[i] = m.ID
	}
	return list
}
