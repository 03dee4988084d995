package testkit

import (
	"io/fs"
	"strings"
	"testing"
)

// MigrationsHold fails the test unless each schema stands in one of the migrations word for word: shared code writes to these
// tables, and a service's own copy must not drift.
func MigrationsHold(t testing.TB, migrations fs.FS, schemas map[string]string) {
	t.Helper()
	files, err := fs.Glob(migrations, "*.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		content, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	for name, schema := range schemas {
		if schema == "" || !strings.Contains(all.String(), schema) {
			t.Errorf("no migration holds the schema of %s as shared/%s has it", name, name)
		}
	}
}
