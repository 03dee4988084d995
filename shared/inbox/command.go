package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"marketplace/shared/postgres"
)

var errUsage = errors.New("usage: parked list | show ID | replay ID | edit ID FILE | drop ID REASON")

// Command handles "parked ..." for operators, about the messages that the consumer has put aside; handled is false when args
// are another command.
func Command(ctx context.Context, args []string, c postgres.Config, consumer string) (handled bool, err error) {
	if len(args) == 0 || args[0] != "parked" {
		return false, nil
	}
	do, err := parse(args[1:], os.Stdout)
	if err != nil {
		return true, err
	}
	// A service waits for its database; somebody at a terminal wants to hear that it is away.
	opening, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	pool, err := postgres.Open(opening, c)
	if err != nil {
		return true, fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	return true, do(ctx, Parked{Pool: pool, Consumer: consumer})
}

// parse reads the command line, so that a mistake in it needs no database.
func parse(args []string, out io.Writer) (func(context.Context, Parked) error, error) {
	words := map[string]int{"list": 1, "show": 2, "replay": 2, "edit": 3, "drop": 3}
	if len(args) == 0 || len(args) != words[args[0]] {
		return nil, errUsage
	}
	switch args[0] {
	case "list":
		return func(ctx context.Context, p Parked) error { return list(ctx, p, out) }, nil
	case "show":
		return func(ctx context.Context, p Parked) error { return show(ctx, p, args[1], out) }, nil
	case "replay":
		return func(ctx context.Context, p Parked) error { return p.Replay(ctx, args[1]) }, nil
	case "edit":
		body, err := os.ReadFile(args[2])
		return func(ctx context.Context, p Parked) error { return p.Edit(ctx, args[1], body) }, err
	default:
		return func(ctx context.Context, p Parked) error { return p.Drop(ctx, args[1], args[2]) }, nil
	}
}

func list(ctx context.Context, p Parked, out io.Writer) error {
	found, err := p.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tSTATUS\tTRIES\tTYPE\tSUBJECT\tPARKED\tREASON")
	for _, m := range found {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%q\t%q\t%s\t%q\n",
			m.ID, m.Status, m.Attempts, m.Type, m.Subject, m.ParkedAt.UTC().Format(time.RFC3339), firstLine(m.Reason))
	}
	return table.Flush()
}

func show(ctx context.Context, p Parked, id string, out io.Writer) error {
	m, err := p.Show(ctx, id)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(m)
}
