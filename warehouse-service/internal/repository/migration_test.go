package repository_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/shared/text"
	"marketplace/warehouse-service/migrations"
)

// A database with names that nobody could write now migrates: each is in its normal form, and the table of repairs says what it was.
func TestMigrate_NamesGetTheirNormalFormAndAreNoted(t *testing.T) {
	t.Parallel()
	old := fstest.MapFS{}
	files, err := fs.Glob(migrations.Files, "000[12]*.sql")
	require.NoError(t, err)
	for _, name := range files {
		data, err := migrations.Files.ReadFile(name)
		require.NoError(t, err)
		old[name] = &fstest.MapFile{Data: data}
	}
	db := testkit.Database(t, "warehouse_service", old)
	names := []struct{ before, after, reason string }{
		{"London, Docklands", "London, Docklands", ""},
		{" Cafe\u0301\u3000\u00a0Nord ", "Café Nord", "normal form"},
		{"Caf\u200bé\tNord", "Café Nord", "normal form"}, // a twin, which a name may be
		{"\u202eDepot\u0007", "Depot", "normal form"},
		{"می\u200cخواهم", "می\u200cخواهم", ""},
		{"\u200b\u00a0", "Unnamed", "nothing visible"},
		{"\u2800\u0301", "Unnamed", "nothing visible"},
		{strings.Repeat("\u0958", 120), strings.Repeat("\u0915\u093c", 100), "too long"},
		{strings.Repeat("\u0958", 99) + "x y", strings.Repeat("\u0915\u093c", 99) + "x", "too long"},
	}
	id := func(i int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", i) }
	for i, n := range names {
		_, err := db.Pool.Exec(t.Context(), `with w as (insert into warehouses (id, code, name) values ($1, $2, $3))
			insert into supplies (id, warehouse_id, supplier, status, created_at, version) values ($1, $1, $3, 'received', now(), 7)`,
			id(i), fmt.Sprint("W", i), n.before)
		require.NoError(t, err)
	}
	require.NoError(t, postgres.Migrate(t.Context(), postgres.Config{URL: db.URL, Schema: "warehouse_service"}, migrations.Files))

	for i, n := range names {
		var name, supplier string
		var version, supplyVersion int
		require.NoError(t, db.Pool.QueryRow(t.Context(),
			`select w.name, w.version, s.supplier, s.version from warehouses w join supplies s on s.id = w.id where w.id = $1`, id(i)).
			Scan(&name, &version, &supplier, &supplyVersion))
		require.Equal(t, []string{n.after, n.after}, []string{name, supplier})
		clean, err := text.Rule{Min: 1, Max: 200}.Parse(name)
		require.NoError(t, err)
		require.Equal(t, clean, name)

		rows, err := db.Pool.Query(t.Context(), `select table_name || '.' || column_name || ' ' || reason || ': ' || before || ' > ' || after
			from text_repairs where row_id = $1 order by id`, id(i))
		require.NoError(t, err)
		repairs, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		if n.reason == "" {
			require.Empty(t, repairs)
			require.Equal(t, []int{1, 7}, []int{version, supplyVersion}, "nothing was wrong with it")
			continue
		}
		noted := " " + n.reason + ": " + n.before + " > " + n.after
		require.Equal(t, []string{"warehouses.name" + noted, "supplies.supplier" + noted}, repairs)
		require.Equal(t, []int{2, 8}, []int{version, supplyVersion})
	}
}
