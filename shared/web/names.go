package web

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// errRepeated is told to nobody: a body that cannot be read in one way only is malformed, as RFC 7493 has it.
var errRepeated = errors.New("a name stands twice in one object")

// jsonFormat is huma's, but refuses an object with a name that stands twice. huma validates the last of them, while
// encoding/json merges them all into one struct: what is used would not be what was validated.
func jsonFormat() huma.Format {
	format := huma.DefaultJSONFormat
	decode := format.Unmarshal
	format.Unmarshal = func(data []byte, v any) error {
		if err := decode(data, v); err != nil {
			return err
		}
		if _, validating := v.(*any); !validating {
			return nil // the same data was looked at before
		}
		return uniqueNames(data)
	}
	return format
}

// uniqueNames looks at data that is known to be valid JSON.
func uniqueNames(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var open []map[string]bool // the names of each object around; nil for a list
	atName := false
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil //nolint:nilerr // the end
		}
		switch token {
		case json.Delim('{'):
			open, atName = append(open, map[string]bool{}), true
			continue
		case json.Delim('['):
			open, atName = append(open, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if name, ok := token.(string); ok && atName {
				if open[len(open)-1][name] {
					return errRepeated
				}
				open[len(open)-1][name], atName = true, false
				continue
			}
		}
		atName = len(open) > 0 && open[len(open)-1] != nil
	}
}
