// Package invariants holds what must be true of the data of all services together, as SQL that returns no row. Each file
// is one numbered invariant and can be run by hand with psql; its first line says whether it holds always or once no
// message is under way any more (quiet).
package invariants

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed *.sql
var files embed.FS

// Invariant is one rule: Query returns a row for each violation.
type Invariant struct {
	Name  string
	Quiet bool
	Query string
}

// All returns the invariants in their order.
func All() ([]Invariant, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]Invariant, 0, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		quiet := strings.HasPrefix(first, "-- quiet:")
		if !quiet && !strings.HasPrefix(first, "-- always:") {
			return nil, fmt.Errorf("%s: the first line says neither always nor quiet", name)
		}
		all = append(all, Invariant{Name: strings.TrimSuffix(name, ".sql"), Quiet: quiet, Query: string(text)})
	}
	return all, nil
}

// Hold wants every invariant that holds always to hold now, and those of a quiet system to hold within the time given:
// quiet is when they do.
func Hold(t testing.TB, db *pgxpool.Pool, within time.Duration) {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(within)
	for _, invariant := range all {
		violations := check(t, db, invariant)
		for invariant.Quiet && len(violations) > 0 && time.Now().Before(deadline) {
			<-time.After(100 * time.Millisecond)
			violations = check(t, db, invariant)
		}
		if len(violations) > 0 {
			t.Errorf("invariant %s does not hold, %d violations: %s", invariant.Name, len(violations),
				strings.Join(violations[:min(5, len(violations))], "; "))
		}
	}
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func check(t testing.TB, db querier, invariant Invariant) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	rows, err := db.Query(ctx, invariant.Query, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("invariant %s: %v", invariant.Name, err)
	}
	violations, err := pgx.CollectRows(rows, text)
	if err != nil {
		t.Fatalf("invariant %s: %v", invariant.Name, err)
	}
	return violations
}

// text is a row as the server writes it: the simple protocol sends nothing but text.
func text(row pgx.CollectableRow) (string, error) {
	var words []string
	for _, value := range row.RawValues() {
		if value == nil {
			value = []byte("null")
		}
		words = append(words, string(value))
	}
	return strings.Join(words, " "), nil
}
