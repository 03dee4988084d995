package automaton

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The table stands between these lines of a README; everything else in the file belongs to people.
const (
	begin = "<!-- transitions:begin -->"
	end   = "<!-- transitions:end -->"
)

// Publish writes the table to docs/transitions.json and into the README.md of the service in dir.
func Publish(dir string, t Table) error {
	files, err := published(dir, t)
	if err != nil {
		return err
	}
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("publish the table: %w", err)
		}
	}
	return nil
}

// Check returns an error that names the files which Publish would change.
func Check(dir string, t Table) error {
	files, err := published(dir, t)
	if err != nil {
		return err
	}
	var stale []error
	for path, want := range files {
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			stale = append(stale, fmt.Errorf("%s is stale: run go generate ./internal/domain", path))
		}
	}
	return errors.Join(stale...)
}

// published returns the content of both files, by path.
func published(dir string, t Table) (map[string][]byte, error) {
	table, err := encode(t)
	if err != nil {
		return nil, err
	}
	readme := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return nil, fmt.Errorf("read the README: %w", err)
	}
	text, err = splice(text, Markdown(t))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", readme, err)
	}
	return map[string][]byte{filepath.Join(dir, "docs", "transitions.json"): table, readme: text}, nil
}

// encode writes one row per line, so that a change is a line in a diff.
func encode(t Table) ([]byte, error) {
	var b bytes.Buffer
	head, err := json.Marshal(struct {
		Aggregate string   `json:"aggregate"`
		Start     string   `json:"start"`
		Inputs    []string `json:"inputs"`
	}{t.Aggregate, t.Start, t.Inputs})
	if err != nil {
		return nil, fmt.Errorf("encode the table: %w", err)
	}
	b.Write(bytes.TrimSuffix(head, []byte("}")))
	b.WriteString(`,"rows":[`)
	for i, r := range t.Rows {
		row, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("encode the table: %w", err)
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  ")
		b.Write(row)
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

func splice(text []byte, table string) ([]byte, error) {
	head, rest, found := bytes.Cut(text, []byte(begin))
	_, tail, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return nil, fmt.Errorf("no lines %s and %s", begin, end)
	}
	return slices.Concat(head, []byte(begin+"\n\n"+table+"\n"+end), tail), nil
}

// Markdown renders the table. Inputs that do the same in a state share a line.
func Markdown(t Table) string {
	var b strings.Builder
	b.WriteString("| state | input | new state | emits | effects |\n|---|---|---|---|---|\n")
	for rows := t.Rows; len(rows) > 0; {
		first, inputs, others := rows[0], []string{}, []Row{}
		for _, r := range rows {
			if alike(r, first) {
				inputs = append(inputs, r.Input)
			} else {
				others = append(others, r)
			}
		}
		rows = others
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", first.State, strings.Join(inputs, ", "), next(first), code(first.Emits), effects(first))
	}
	return b.String()
}

func alike(a, b Row) bool {
	return a.State == b.State && a.Next == b.Next && a.Refused == b.Refused && slices.Equal(a.Emits, b.Emits) && slices.Equal(a.Effects, b.Effects)
}

// next leaves the cell empty when the state stays.
func next(r Row) string {
	if r.Next == r.State {
		return ""
	}
	return r.Next
}

func effects(r Row) string {
	if r.Refused != "" {
		return "refused: " + r.Refused
	}
	return strings.Join(r.Effects, "; ")
}

func code(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
