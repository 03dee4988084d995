package repository

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/product-service/internal/domain"
	"marketplace/product-service/migrations"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/shared/text"
)

// before are the migrations up to a number, as a database of an older version has them.
func before(t *testing.T, number string) fs.FS {
	t.Helper()
	files, old := migrations.Files, fstest.MapFS{}
	names, err := fs.Glob(files, "*.sql")
	require.NoError(t, err)
	for _, name := range names {
		if strings.Compare(name, number) < 0 {
			data, err := files.ReadFile(name)
			require.NoError(t, err)
			old[name] = &fstest.MapFile{Data: data}
		}
	}
	return old
}

// A database full of names that become the same, and of texts that nobody could write now, migrates: the older keeps its name,
// the younger gets a number, every text is in its normal form, and the table of repairs says what each was.
func TestMigrate_TextsThatBecomeTwinsAreToldApartAndNoted(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "product_service", before(t, "0002"))
	testkit.Fill(t, db.Pool,
		`insert into categories (id, name, created_at) values
			('00000000-0000-0000-0000-000000000005', E'Cafe\u0301', '2026-01-05'), ('00000000-0000-0000-0000-000000000001', 'Café', '2026-01-01'),
			('00000000-0000-0000-0000-000000000002', ' Café', '2026-01-02'), ('00000000-0000-0000-0000-000000000003', E'Caf\u200bé', '2026-01-03'),
			('00000000-0000-0000-0000-000000000004', 'Café (2)', '2026-01-04'), ('00000000-0000-0000-0000-000000000006', E'Caf\u200dé', '2026-01-06'),
			('00000000-0000-0000-0000-000000000007', E'\u3164', '2026-01-07'), ('00000000-0000-0000-0000-000000000008', E'\u200b\u00a0', '2026-01-08'),
			('00000000-0000-0000-0000-000000000009', 'Lamps', '2026-01-09'), ('00000000-0000-0000-0000-00000000000a', repeat('x', 100), '2026-01-09'),
			('00000000-0000-0000-0000-00000000000b', ' ' || repeat('x', 100), '2026-01-10')`,
		`insert into products (id, seller_id, sku, name, description, price_amount, price_currency, status, attributes, created_at, updated_at) values
			('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000ff', 'A', E'\u202eLamp\u3000 red\u0007', E' one \r\n\u200b two ', 1, 'USD', 'active',
				E'{" colour ": "re\u0301d", "colour": "x", "\u200b": "\u200b"}', '2026-01-01', '2026-01-01'),
			('00000000-0000-0000-0000-0000000000a2', '00000000-0000-0000-0000-0000000000ff', 'B', E'\u200b', '', 1, 'USD', 'active', '{}', now(), now()),
			('00000000-0000-0000-0000-0000000000a3', '00000000-0000-0000-0000-0000000000ff', 'C', E'می\u200cخواهم', '👩‍🚀 ❤️', 1, 'USD', 'active', '{"a": "b"}', '2026-01-01', '2026-01-01')`,
	)
	require.NoError(t, postgres.Migrate(t.Context(), postgres.Config{URL: db.URL, Schema: "product_service"}, migrations.Files))

	rows, err := db.Pool.Query(t.Context(), `select right(id::text, 1), name from categories`)
	require.NoError(t, err)
	names := map[string]string{}
	var id, name string
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error { names[id] = name; return nil })
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"1": "Café", "2": "Café (3)", "3": "Café (4)", "4": "Café (2)", "5": "Café (5)", "6": "Caf\u200dé (6)", "7": "Unnamed", "8": "Unnamed (2)",
		"9": "Lamps", "a": strings.Repeat("x", 100), "b": strings.Repeat("x", 96) + " (2)",
	}, names)
	for _, name := range names {
		clean, err := text.Rule{Min: 1, Max: domain.MaxCategoryName}.Parse(name)
		require.NoError(t, err)
		require.Equal(t, clean, name)
	}

	catalogue := New(db.Pool)
	lamp, err := catalogue.Get(t.Context(), "00000000-0000-0000-0000-0000000000a1")
	require.NoError(t, err)
	require.Equal(t, "Lamp red", lamp.Name)
	require.Equal(t, "one\ntwo", lamp.Description)
	require.Equal(t, 4, lamp.Version, "its name, its description and its attributes are others")
	require.Len(t, lamp.Attributes, 3)
	require.Equal(t, "x", lamp.Attributes["colour"], "it had its normal form already")
	require.Equal(t, "réd", lamp.Attributes["colour (2)"])
	require.True(t, lamp.UpdatedAt.After(lamp.CreatedAt), "a change has its time")
	blank, err := catalogue.Get(t.Context(), "00000000-0000-0000-0000-0000000000a2")
	require.NoError(t, err)
	require.Equal(t, "Unnamed", blank.Name)
	fine, err := catalogue.Get(t.Context(), "00000000-0000-0000-0000-0000000000a3")
	require.NoError(t, err)
	require.Equal(t, 1, fine.Version, "nothing was wrong with it")
	require.Equal(t, fine.CreatedAt, fine.UpdatedAt)

	var repairs []string
	rows, err = db.Pool.Query(t.Context(), `select right(row_id::text, 2) || ' ' || column_name || ' ' || reason || ': ' || before || ' > ' || after
		from text_repairs where table_name = 'categories' order by id`)
	require.NoError(t, err)
	repairs, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, repairs, "02 name normal form:  Café > Café")
	require.Contains(t, repairs, "02 name twin: Café > Café (3)")
	require.Contains(t, repairs, "08 name nothing visible: \u200b\u00a0 > Unnamed")
	require.Contains(t, repairs, "06 name twin: Caf\u200dé > Caf\u200dé (6)")
	require.Equal(t, 4, count(t, db, `select count(*) from text_repairs where table_name = 'products'`))
}

// A normal form can be longer than what it was made of. No text becomes longer than its field may be, no two names of a product's attributes
// become the same, and no value is lost.
func TestMigrate_TextsStayWithinTheirLimitsAndAttributesKeepTheirValues(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-0000-0000-0000000000a1"
	grows, grown := func(n int) string { return strings.Repeat("\u0958", n) }, func(n int) string { return strings.Repeat("\u0915\u093c", n) }
	spaced := strings.Repeat("x", 59) + " " + strings.Repeat("y", 4) // its 60th character is a space
	cases := map[string]struct{ before, after map[string]string }{
		"a number that is taken": {
			map[string]string{"colour": "red", " colour": "blue", "colour (2)": "green"},
			map[string]string{"colour": "red", "colour (2)": "green", "colour (3)": "blue"},
		},
		"a number that another twin takes": {
			map[string]string{"a (2)": "1", " a (2)": "2", "a": "3", " a": "4", "a ": "5"},
			map[string]string{"a (2)": "1", "a (2) (2)": "2", "a": "3", "a (3)": "4", "a (4)": "5"},
		},
		"cut to the same": {
			map[string]string{grows(40) + "a": "1", grows(40) + "b": "2", grown(32): "3"},
			map[string]string{grown(32): "3", grown(30) + " (2)": "1", grown(30) + " (3)": "2"},
		},
		"cut at a space": {
			map[string]string{spaced: "1", " " + spaced: "2"},
			map[string]string{spaced: "1", strings.Repeat("x", 59) + " (2)": "2"},
		},
		"a value that grows": {map[string]string{"a": grows(300)}, map[string]string{"a": grown(250)}},
	}
	db := testkit.Database(t, "product_service", before(t, "0002"))
	ids := map[string]string{}
	for name, c := range cases {
		var made string
		require.NoError(t, db.Pool.QueryRow(t.Context(), `insert into products
			(id, seller_id, sku, name, description, price_amount, price_currency, status, attributes, created_at, updated_at)
			values (gen_random_uuid(), $1, $2, $3, $4, 1, 'USD', 'active', $5, now(), '2026-01-01') returning id`,
			id, name, grows(150), grows(6000), c.before).Scan(&made))
		ids[name] = made
	}
	testkit.Fill(t, db.Pool,
		`insert into categories (id, name, created_at) values (gen_random_uuid(), repeat(U&'\0958', 60), '2026-01-01'),
			(gen_random_uuid(), repeat(U&'\0958', 60) || 'x', '2026-01-02'), (gen_random_uuid(), repeat('x', 95) || ' yyyy', '2026-01-01'),
			(gen_random_uuid(), ' ' || repeat('x', 95) || ' yyyy', '2026-01-02')`)
	require.NoError(t, postgres.Migrate(t.Context(), postgres.Config{URL: db.URL, Schema: "product_service"}, migrations.Files))

	for name, c := range cases {
		p, err := New(db.Pool).Get(t.Context(), ids[name])
		require.NoError(t, err)
		require.Equal(t, c.after, p.Attributes, name)
		require.Equal(t, grown(100), p.Name)
		require.Equal(t, grown(5000), p.Description)
		require.Equal(t, 4, p.Version)
		require.False(t, p.UpdatedAt.Before(p.CreatedAt), "a change has its time")
		for attribute, value := range p.Attributes {
			clean, err := text.Rule{Min: 1, Max: domain.MaxAttribute}.Parse(attribute)
			require.NoError(t, err)
			require.Equal(t, clean, attribute)
			_, err = text.Rule{Max: domain.MaxValue}.Parse(value)
			require.NoError(t, err)
		}
	}
	all, err := New(db.Pool).Categories(t.Context())
	require.NoError(t, err)
	names := make([]string, 0, len(all))
	for _, category := range all {
		names = append(names, category.Name)
	}
	require.ElementsMatch(t, []string{grown(50), grown(48) + " (2)", strings.Repeat("x", 95) + " yyyy", strings.Repeat("x", 95) + " (2)"}, names)
	require.Equal(t, 2*len(cases)+2+2, count(t, db, `select count(*) from text_repairs where reason = 'too long'`))
}

func count(t *testing.T, db testkit.DB, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, db.Pool.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}
