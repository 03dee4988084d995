package repository

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/migrations"
)

// fill makes 10,000 users; a few of them can be told apart.
func fill(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Fill(t, pool,
		`insert into users (id, email, name, password_hash, roles, status, version, created_at)
			select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user' || n || '@example.com',
				(array['Ann', 'Bob', 'Carol', 'Dan'])[n % 4 + 1] || ' ' || substr(md5(n::text), 1, 8), '$argon2id$', '{customer}', 'active', 1, now()
			from generate_series(1, 10000) n`,
		`update users set name = '李' where email = 'user17@example.com'`,
		`update users set name = 'Zoë Kraus', email = 'zoe@xn--bcher-kva.example' where email = 'user18@example.com'`,
		`analyze users`)
}

func TestSearch_OnALargeTable(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, "user_service", migrations.Files).Pool
	fill(t, pool)
	users := NewUsers(pool)
	for query, want := range map[string]struct{ index, first string }{
		"李":                  {"users_searched", "user17@example.com"},
		"ZOË":                {"users_searched", "zoe@xn--bcher-kva.example"},
		"ë":                  {"users_searched", "zoe@xn--bcher-kva.example"},
		"zoe@bücher.example": {"users_searched", "zoe@xn--bcher-kva.example"},
		"BÜCHER.example":     {"users_searched", "zoe@xn--bcher-kva.example"},
		"krau":               {"users_searched", "zoe@xn--bcher-kva.example"},
		"user9999@":          {"users_searched", "user9999@example.com"},
		"nobody has this":    {"users_searched", ""},
		"examplezoë":         {"users_searched", ""}, // an end and a beginning
		"a":                  {"users_pkey", "user10000@example.com"},
		"example":            {"users_pkey", "user10000@example.com"},
		"ann":                {"users_pkey", "user10000@example.com"},
		"":                   {"users_pkey", "user10000@example.com"},
	} {
		f := domain.UserFilter{Query: query, Limit: 21}
		found, err := users.List(t.Context(), f)
		require.NoError(t, err)
		if want.first == "" {
			require.Empty(t, found, query)
		} else {
			require.Equal(t, want.first, found[0].Email, query)
		}
		for _, after := range []string{"", "01900000-0000-7000-8000-000000002000"} {
			f.After = after
			plan := plan(t, pool, f)
			require.NotContains(t, plan, "Seq Scan", "%s\n%s", query, plan)
			require.Contains(t, plan, want.index, "%s\n%s", query, plan)
		}
	}
}

// plan is how PostgreSQL runs a listing.
func plan(t *testing.T, pool *pgxpool.Pool, f domain.UserFilter) string {
	t.Helper()
	sql, args := listing(f)
	rows, err := pool.Query(t.Context(), "explain analyze "+sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}
