package repository_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/shared/text"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/migrations"
)

// A database with hosts in Unicode and names that nobody could write now migrates. No account is merged: of twins one keeps the
// address, the others stay as they were, and the table of repairs says so.
func TestMigrate_HostsBecomeASCIIAndTwinsAreNoted(t *testing.T) {
	t.Parallel()
	old := fstest.MapFS{}
	names, err := fs.Glob(migrations.Files, "000[12]*.sql")
	require.NoError(t, err)
	for _, name := range names {
		data, err := migrations.Files.ReadFile(name)
		require.NoError(t, err)
		old[name] = &fstest.MapFile{Data: data}
	}
	db := testkit.Database(t, "user_service", old)
	users := []struct{ email, name, email2, name2 string }{
		{"ann@bücher.example", "Ann\u00a0B", "ann@xn--bcher-kva.example", "Ann B"},
		{"bob@bücher.example", "Bob", "bob@bücher.example", "Bob"}, // a twin of the next, which has the new form already
		{"bob@xn--bcher-kva.example", "Bob", "bob@xn--bcher-kva.example", "Bob"},
		{"eve@faß.example", "\u3164", "eve@xn--fa-hia.example", "Unnamed"},
		{"иван@пример.рф", "Иван", "иван@xn--e1afmkfd.xn--p1ai", "Иван"},
		{"li@例え.テスト", "李", "li@xn--r8jz45g.xn--zckzah", "李"},
		{"max@münchen.köln.example", "Max", "max@xn--mnchen-3ya.xn--kln-sna.example", "Max"},
		{"zoe@plain.example", "Zoe\u0308", "zoe@plain.example", "Zoë"},
		// Hyphens in the third and fourth place, and hosts that IDNA refuses.
		{"a@ab--cd.example", "A", "a@ab--cd.example", "A"},
		{"a@r3---sn.example", "A", "a@r3---sn.example", "A"},
		{"a@bü--cher.example", "A", "a@xn--b--cher-n2a.example", "A"},
		{"a@xn--a.example", "A", "a@xn--a.example", "A"},
		{"a@xn--a.bücher.example", "A", "a@xn--a.xn--bcher-kva.example", "A"},
		{"a@אa.example", "A", "a@xn--a-zhc.example", "A"},
		{"a@xn--ü.example", "A", "a@xn--xn---3ra.example", "A"},
		{"a@" + strings.Repeat("ü", 31) + strings.Repeat("x", 32) + ".example", "A", "", "A"}, // a label of more than 63 bytes
		// Names that the normal form makes longer than a name may be.
		{"b@plain.example", strings.Repeat("\u0958", 60), "b@plain.example", strings.Repeat("\u0915\u093c", 50)},
		{"c@plain.example", strings.Repeat("\u0958", 49) + "x y" + "\u0958", "c@plain.example", strings.Repeat("\u0915\u093c", 49) + "x"},
		{"d@plain.example", strings.Repeat("\u0958", 49) + "x\u200d" + "\u0958", "d@plain.example", strings.Repeat("\u0915\u093c", 49) + "x"},
	}
	for i, u := range users {
		_, err := db.Pool.Exec(t.Context(), `insert into users (id, email, name, password_hash, roles, status, version, created_at)
			values ($1, $2, $3, '$argon2id$x', '{customer}', 'active', 1, now())`, fmt.Sprintf("00000000-0000-0000-0000-%012d", i), u.email, u.name)
		require.NoError(t, err)
	}
	require.NoError(t, postgres.Migrate(t.Context(), postgres.Config{URL: db.URL, Schema: "user_service"}, migrations.Files))
	for i, u := range users {
		var email, name string
		require.NoError(t, db.Pool.QueryRow(t.Context(), `select email, name from users where id = $1`, fmt.Sprintf("00000000-0000-0000-0000-%012d", i)).
			Scan(&email, &name))
		if u.email2 != "" {
			require.Equal(t, u.email2, email)
		}
		require.Equal(t, u.name2, name)
		clean, err := text.Rule{Min: 1, Max: 100}.Parse(name)
		require.NoError(t, err)
		require.Equal(t, clean, name)
		if i != 1 {
			known, err := domain.KnownEmail(u.email)
			require.NoError(t, err)
			require.Equal(t, known, email, "the migration maps as the code does")
			again, err := domain.KnownEmail(email)
			require.NoError(t, err)
			require.Equal(t, email, again, "what is stored is found as it is")
		}
	}
	var cut int
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from text_repairs where reason = 'too long' and column_name = 'name'`).Scan(&cut))
	require.Equal(t, 3, cut)
	var twin string
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select before || ' ' || after from text_repairs where reason = 'twin'`).Scan(&twin))
	require.Equal(t, "bob@bücher.example bob@bücher.example", twin)
}
