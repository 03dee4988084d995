package testkit

import (
	"io/fs"
	"strings"
	"testing"
)

// MigrationsHold fails the test unless the migrations hold each step of each schema word for word and in order: shared code writes
// to these tables, and a service's own copy must not drift. A later step changes what the earlier ones made.
func MigrationsHold(t testing.TB, migrations fs.FS, schemas map[string][]string) {
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
	for name, steps := range schemas {
		rest := all.String()
		for i, step := range steps {
			_, after, found := strings.Cut(rest, step)
			if step == "" || !found {
				t.Errorf("no migration holds step %d of the schema of %s as shared/%s has it, after the steps before", i+1, name, name)
				break
			}
			rest = after
		}
	}
}
