package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkoutFile is the file with the settings of the marketplace that `make run` started in the checkout (the folder with go.work) in
// or below which this process runs; "" when none runs there: its file stays after `make stop`, and is about servers that have ended.
// An image holds no go.work, and a test has settings of its own.
func checkoutFile() string {
	dir, err := os.Getwd()
	if err != nil || testing.Testing() {
		return ""
	}
	return fileAbove(dir)
}

func fileAbove(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
	file, running := filepath.Join(dir, ".local", "env"), filepath.Join(dir, ".local", "run", "supervisord.pid")
	for _, needed := range []string{file, running} {
		if _, err := os.Stat(needed); err != nil {
			return ""
		}
	}
	return file
}

// readVariables reads lines KEY=VALUE; a comment begins with #.
func readVariables(file string) (map[string]string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // its name is made from the working directory alone
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") && value != "" {
			values[name] = value
		}
	}
	return values, nil
}
