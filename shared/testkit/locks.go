package testkit

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	comments       = regexp.MustCompile(`--[^\n]*`)
	createsTable   = regexp.MustCompile(`(?i)\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)`)
	altersTable    = regexp.MustCompile(`(?is)^\s*alter\s+table\s+(?:only\s+|if\s+exists\s+)*(\w+)(.*)$`)
	addsConstraint = regexp.MustCompile(`(?is)\badd\s+constraint\s+(\w+)\s+(?:check|foreign)\b`)
	validates      = regexp.MustCompile(`(?is)\bvalidate\s+constraint\s+(\w+)`)
	createsIndex   = regexp.MustCompile(`(?is)^\s*create\s+(?:unique\s+)?index\s.*?\bon\s+(?:only\s+)?(\w+)`)
)

// MigrationsLockBriefly fails the test for a migration after the given version that would read a whole table under a lock that stops
// everybody: a constraint on a table that is there comes NOT VALID, and is validated in a later file, which is another transaction. An
// index on a table that is there has a file to itself: it stops who writes, and with another statement's lock it would stop everybody.
func MigrationsLockBriefly(t testing.TB, migrations fs.FS, after int) {
	t.Helper()
	files, err := fs.Glob(migrations, "*.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		number, _, _ := strings.Cut(path.Base(file), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if version <= after {
			continue
		}
		content, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, mistake := range longLocks(string(content)) {
			t.Errorf("%s: %s", file, mistake)
		}
	}
}

// longLocks says what is wrong with a migration.
func longLocks(sql string) (mistakes []string) {
	sql = comments.ReplaceAllString(sql, "")
	made, added := map[string]bool{}, map[string]bool{}
	for _, found := range createsTable.FindAllStringSubmatch(sql, -1) {
		made[found[1]] = true
	}
	statements := strings.Split(strings.TrimRight(sql, "; \n"), ";")
	for _, statement := range statements {
		if index := createsIndex.FindStringSubmatch(statement); index != nil && !made[index[1]] && len(statements) > 1 {
			mistakes = append(mistakes, "an index on "+index[1]+", which is filled, is not alone in its file")
		}
		alter := altersTable.FindStringSubmatch(statement)
		if alter == nil || made[alter[1]] {
			continue
		}
		unvalidated := len(regexp.MustCompile(`(?i)\bnot\s+valid\b`).FindAllString(alter[2], -1))
		constraints := addsConstraint.FindAllStringSubmatch(alter[2], -1)
		for _, found := range constraints {
			added[found[1]] = true
		}
		if len(constraints) > unvalidated {
			mistakes = append(mistakes, "a constraint on "+alter[1]+", which is filled, is not NOT VALID")
		}
		for _, found := range validates.FindAllStringSubmatch(alter[2], -1) {
			if added[found[1]] {
				mistakes = append(mistakes, found[1]+" is validated in the transaction that adds it, under its lock")
			}
		}
	}
	return mistakes
}
