package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// version is OpenAPI's, of every service's document and of the merged one.
const version = "3.1.0"

// document is as much of OpenAPI as merging needs; the rest passes through as it is.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Info       info                                  `json:"info"`
	Tags       []tag                                 `json:"tags,omitempty"`
	Paths      map[string]json.RawMessage            `json:"paths"`
	Components map[string]map[string]json.RawMessage `json:"components,omitempty"`
}

type info struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// merge makes one document of the services' (by service). Paths that the gateway does not forward are left out. Where
// two services describe one name differently, the first in alphabetical order wins and the name is returned.
func merge(documents map[string]document) (whole document, clashes []string) {
	whole = document{
		OpenAPI: version,
		Info: info{
			Title:   "Marketplace",
			Version: "1",
			Description: "The REST API of the whole marketplace. Sign in with `POST /api/v1/auth/login` " +
				"and give the access token as a bearer token.",
		},
		Paths:      map[string]json.RawMessage{},
		Components: map[string]map[string]json.RawMessage{},
	}
	put := func(into map[string]json.RawMessage, name string, value json.RawMessage) {
		if first, ok := into[name]; !ok {
			into[name] = value
		} else if !sameJSON(first, value) {
			clashes = append(clashes, name)
		}
	}
	tags := map[string]tag{}
	for _, service := range slices.Sorted(maps.Keys(documents)) {
		d := documents[service]
		for path, item := range d.Paths {
			if strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/.well-known/") {
				put(whole.Paths, path, item)
			}
		}
		for kind, entries := range d.Components {
			if whole.Components[kind] == nil {
				whole.Components[kind] = map[string]json.RawMessage{}
			}
			for name, value := range entries {
				put(whole.Components[kind], name, value)
			}
		}
		for _, t := range d.Tags {
			known := tags[t.Name]
			tags[t.Name] = tag{Name: t.Name, Description: cmp.Or(known.Description, t.Description)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		whole.Tags = append(whole.Tags, tags[name])
	}
	slices.Sort(clashes)
	return whole, clashes
}

// parse reads a service's document.
func parse(raw []byte) (document, error) {
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("no OpenAPI document: %w", err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1") || len(d.Paths) == 0 {
		return d, fmt.Errorf("no OpenAPI 3.1 document with paths")
	}
	return d, nil
}

// sameJSON compares without regard to white space.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
