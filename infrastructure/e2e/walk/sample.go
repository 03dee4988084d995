package walk

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// unknownID has the spelling of an id, and nothing has it.
const unknownID = "01890000-0000-7000-8000-000000000000"

// candidates are tried for a string that has a pattern.
var candidates = []string{"USD", "US", "en", "A-1", "W-1", "walk", "12345", "1", "walk@example.com", "pm_card_visa", "re_1", "2026-01-01", "10s"}

// maxSampleDepth ends the sample of a schema that contains itself.
const maxSampleDepth = 6

// sample is a value that the schema allows, with all its fields; strings for which known has a value by the field's name get that
// one, and other ids are unknown ones.
func sample(s *schema, known map[string]string) any { return sampleAt(s, "", known, 0) }

func sampleAt(s *schema, name string, known map[string]string, depth int) any {
	switch {
	case s == nil || depth > maxSampleDepth:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.is("string"):
		if value := known[name]; value != "" {
			return value
		}
		return sampleString(s)
	case s.is("integer"), s.is("number"):
		if s.Minimum != nil && *s.Minimum > 1 {
			return *s.Minimum
		}
		return 1
	case s.is("boolean"):
		return false
	case s.is("array"):
		return []any{sampleAt(s.Items, strings.TrimSuffix(name, "s"), known, depth+1)}
	case s.is("object"):
		return sampleObject(s, known, depth)
	}
	return "walk" // anything is allowed
}

func sampleObject(s *schema, known map[string]string, depth int) map[string]any {
	object := map[string]any{}
	for name, property := range s.Properties {
		if value := sampleAt(property, name, known, depth+1); value != nil {
			object[name] = value
		}
	}
	if s.Others.Schema != nil {
		object[entry] = sampleAt(s.Others.Schema, entry, known, depth+1)
	}
	return object
}

// sampleString panics on a pattern that none of the candidates has: a new kind of string needs one more.
func sampleString(s *schema) string {
	if s.isID() {
		return unknownID
	}
	switch s.Format {
	case "email":
		return "walk@example.com"
	case "date-time":
		return "2026-01-01T00:00:00Z"
	case "date":
		return "2026-01-01"
	case "uri":
		return "https://example.com/"
	case "foreign-id":
		return "pm_card_visa"
	}
	if s.Pattern == "" {
		return "walk" + strings.Repeat("k", max(0, s.MinLength-4))
	}
	pattern := regexp.MustCompile(s.Pattern)
	for _, candidate := range candidates {
		if pattern.MatchString(candidate) && len(candidate) >= s.MinLength {
			return candidate
		}
	}
	panic(fmt.Sprintf("no candidate has the pattern %s", s.Pattern))
}

// entry is the name of the one entry that the walk puts into an object of any names.
const entry = "colour"

// field is one place in a body.
type field struct {
	path   []any // names, and 0 for the one item of a list
	schema *schema
}

// location is how a problem names the place. What a client has named itself is not repeated: it ends at the object.
func (f field) location() string {
	at := "body"
	for _, step := range f.path {
		switch step := step.(type) {
		case int:
			at += fmt.Sprintf("[%d]", step)
		case string:
			if step != entry {
				at += "." + step
			}
		}
	}
	return at
}

// in is a copy of the body with another value in the place.
func (f field) in(body, value any) any {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // a sample is JSON
	}
	var whole any
	if err := json.Unmarshal(encoded, &whole); err != nil {
		panic(err)
	}
	at := whole
	for i, step := range f.path {
		last := i == len(f.path)-1
		switch step := step.(type) {
		case int:
			list := at.([]any)
			if last {
				list[step] = value
			}
			at = list[step]
		case string:
			object := at.(map[string]any)
			if last {
				object[step] = value
			}
			at = object[step]
		}
	}
	return whole
}

// fields are all places below a schema of a body, but not the body itself.
func fields(s *schema) []field { return below(s, nil) }

func below(s *schema, path []any) []field {
	if s == nil || len(path) >= maxSampleDepth {
		return nil
	}
	var found []field
	add := func(f field) {
		found = append(found, f)
		found = append(found, below(f.schema, f.path)...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		add(field{path: extended(path, name), schema: s.Properties[name]})
	}
	if s.Others.Schema != nil {
		add(field{path: extended(path, entry), schema: s.Others.Schema})
	}
	if s.Items != nil {
		add(field{path: extended(path, 0), schema: s.Items})
	}
	return found
}

func extended(path []any, step any) []any { return append(path[:len(path):len(path)], step) }
