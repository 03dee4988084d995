package configtest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/config"
)

// named is a variable in a table of settings, with the mark of those that may change while the process runs.
var named = regexp.MustCompile("`([A-Z0-9_]+)`(†?)")

// Readme checks that a README's tables of settings, whose first column is called "variable", name every setting of T, and mark
// with † exactly those that may change while the process runs.
func Readme[T config.Settings](t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	marked, inside := map[string]bool{}, false
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			inside = false
			continue
		}
		if strings.TrimSpace(cells[1]) == "variable" {
			inside = true
		}
		for _, found := range named.FindAllStringSubmatch(cells[1], -1) {
			if inside {
				marked[found[1]] = found[2] != ""
			}
		}
	}
	require.Equal(t, config.Variables[T](), marked, "%s: the settings (true: may change while the process runs, †) are not those of the struct", file)
}
