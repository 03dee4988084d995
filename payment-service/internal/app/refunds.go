package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"marketplace/payment-service/internal/config"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/repository"
	"marketplace/payment-service/internal/service"
	"marketplace/shared/idempotency"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
)

var errRefundsUsage = errors.New("usage: refunds list | settle ID outside|console|retry|abandon NOTE")

const operatorTime = 15 * time.Second

// refundsCommand lets an operator see the refunds that wait for people, and settle one that needs attention. What he does is
// kept under his login name. A running service does the rest: it asks the processor and tells the order.
func refundsCommand(ctx context.Context, args []string, cfg config.Config) (handled bool, err error) {
	if len(args) == 0 || args[0] != "refunds" {
		return false, nil
	}
	list := len(args) == 2 && args[1] == "list"
	if !list && (len(args) != 5 || args[1] != "settle" || !settlement(args[3]) || args[4] == "") {
		return true, errRefundsUsage
	}
	ctx, cancel := context.WithTimeout(ctx, operatorTime)
	defer cancel()
	pool, err := postgres.Open(ctx, database(cfg.Fixed, nil))
	if err != nil {
		return true, fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if list {
		return true, listRefunds(ctx, pool, os.Stdout)
	}
	return true, settleRefund(ctx, pool, cfg, args[2], domain.Settlement(args[3]), args[4])
}

func settlement(word string) bool {
	return slices.Contains(domain.Settlements, domain.Settlement(word))
}

func listRefunds(ctx context.Context, pool *pgxpool.Pool, out io.Writer) error {
	found, err := repository.New(pool, noOutbox, noLease).ListWaiting(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "REFUND\tSTATUS\tAMOUNT\tSINCE\tORDER\tCAUSE\tWHY")
	for _, r := range found {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d %s\t%s\t%s\t%s\t%q\n",
			r.ID, r.Status, r.Amount, r.Currency, r.Since.UTC().Format(time.RFC3339), r.OrderID, r.Cause, r.Why)
	}
	return table.Flush()
}

// noOutbox leaves what is to be published to the sweep of a running service.
func noOutbox([]outbox.Record) {}

// noLease is for a command, which claims no task.
func noLease() time.Duration { return 0 }

func settleRefund(ctx context.Context, pool *pgxpool.Pool, cfg config.Config, refundID string, as domain.Settlement, note string) error {
	store := repository.New(pool, noOutbox, noLease)
	rules, err := rulesOf(cfg.Fixed)
	if err != nil {
		return err
	}
	paymentID, err := store.PaymentOfRefund(ctx, refundID)
	if err != nil {
		return err
	}
	payments := service.New(service.Options{
		Store: store, Metrics: service.NewMetrics(prometheus.NewRegistry()), Log: zerolog.Nop(), Calls: 1,
		Rules: func() domain.Rules { return rules(&cfg) },
	})
	_, err = payments.Settle(ctx, service.DecisionCommand{
		PaymentID: paymentID, RefundID: refundID, By: operator(), Note: note,
	}, as, service.Answer{Render: func(domain.Payment) (idempotency.Reply, error) { return idempotency.Reply{}, nil }})
	return err
}

// operator is who runs the command, as far as this machine knows.
func operator() string {
	if u, err := user.Current(); err == nil {
		return "operator:" + u.Username
	}
	return "operator:unknown"
}
