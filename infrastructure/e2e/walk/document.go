package walk

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mediaJSON is the type of the bodies that the walk makes.
const mediaJSON = "application/json"

// operation is one method of one path.
type operation struct {
	Method, Path string

	Description string                `json:"description"`
	Parameters  []parameter           `json:"parameters"`
	Security    []map[string][]string `json:"security"`
	RequestBody *content              `json:"requestBody"`
	MaxBody     int                   `json:"x-max-body-bytes"`
}

type content struct {
	Content map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

type parameter struct {
	Name     string  `json:"name"`
	In       string  `json:"in"`
	Required bool    `json:"required"`
	Schema   *schema `json:"schema"`
}

// schema is what the walk needs of a JSON schema. Text is the marketplace's own: what people write, or a country.
type schema struct {
	Ref           string             `json:"$ref"`
	Type          oneOrMore          `json:"type"`
	Format        string             `json:"format"`
	Pattern       string             `json:"pattern"`
	Enum          []any              `json:"enum"`
	Minimum       *float64           `json:"minimum"`
	MinLength     int                `json:"minLength"`
	MaxItems      *int               `json:"maxItems"`
	Properties    map[string]*schema `json:"properties"`
	Items         *schema            `json:"items"`
	Others        schemaOrBool       `json:"additionalProperties"`
	Text          string             `json:"x-text"`
	PropertyNames *schema            `json:"propertyNames"`
}

// name is how a failed test and an exception call the operation.
func (o *operation) name() string { return o.Method + " " + o.Path }

// needsRole says whether the operation is refused to an account that is a customer's and nothing else.
func (o *operation) needsRole() bool {
	return o.needsToken() && !slices.ContainsFunc(o.Security, func(enough map[string][]string) bool {
		return !slices.ContainsFunc(enough["bearer"], func(role string) bool { return role != "customer" })
	})
}

// needsToken says whether the operation is refused without an access token.
func (o *operation) needsToken() bool { return len(o.Security) > 0 }

// body is the schema of the operation's JSON body, nil when it takes none.
func (o *operation) body() *schema {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Content[mediaJSON].Schema
}

// in are the parameters in the path, the query or the header.
func (o *operation) in(place string) []parameter {
	var found []parameter
	for _, p := range o.Parameters {
		if p.In == place {
			found = append(found, p)
		}
	}
	return found
}

// has says whether the operation has a parameter.
func (o *operation) has(place, name string) bool {
	return slices.ContainsFunc(o.in(place), func(p parameter) bool { return p.Name == name })
}

// is says whether the schema has the type, perhaps among others: null is a type too.
func (s *schema) is(kind string) bool { return slices.Contains(s.Type, kind) }

// isID says whether the schema is that of an id of the marketplace's own, or of one such as "me" instead.
func (s *schema) isID() bool {
	return s.Format == "uuid" || strings.Contains(s.Pattern, "[0-9a-f]{8}-[0-9a-f]{4}-")
}

// document is what the gateway says of all services.
type document struct {
	operations []*operation

	schemas map[string]*schema
	seen    map[*schema]bool // whose references have been replaced
}

// read reads the document. All references are followed once, so that a schema that contains itself is a cycle of pointers.
func read(body []byte) (*document, error) {
	var raw struct {
		Paths      map[string]map[string]*operation `json:"paths"`
		Components struct {
			Schemas map[string]*schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	d := &document{schemas: raw.Components.Schemas, seen: map[*schema]bool{}}
	for path, methods := range raw.Paths {
		for method, o := range methods {
			o.Method, o.Path = strings.ToUpper(method), path
			for i := range o.Parameters {
				o.Parameters[i].Schema = d.follow(o.Parameters[i].Schema)
			}
			if o.RequestBody != nil {
				d.resolve(o.RequestBody)
			}
			d.operations = append(d.operations, o)
		}
	}
	for _, s := range d.schemas {
		d.inside(s)
	}
	slices.SortFunc(d.operations, func(a, b *operation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return d, nil
}

func (d *document) resolve(c *content) {
	for media, of := range c.Content {
		of.Schema = d.follow(of.Schema)
		d.inside(of.Schema)
		c.Content[media] = of
	}
}

// follow is the schema that a reference leads to. It panics on one that leads nowhere: the document's own test shows more.
func (d *document) follow(s *schema) *schema {
	for s != nil && s.Ref != "" {
		target := d.schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if target == nil {
			panic("the OpenAPI document has no " + s.Ref)
		}
		s = target
	}
	return s
}

// inside replaces the references in a schema's parts; those of a named schema are replaced where it is defined.
func (d *document) inside(s *schema) {
	if s == nil || d.seen[s] {
		return
	}
	d.seen[s] = true
	for _, name := range slices.Collect(maps.Keys(s.Properties)) {
		s.Properties[name] = d.part(s.Properties[name])
	}
	s.Items, s.Others.Schema = d.part(s.Items), d.part(s.Others.Schema)
}

func (d *document) part(s *schema) *schema {
	if s == nil || s.Ref != "" {
		return d.follow(s)
	}
	d.inside(s)
	return s
}

// oneOrMore is a JSON schema's type, which is a name or a list of names.
type oneOrMore []string

// UnmarshalJSON reads both.
func (t *oneOrMore) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*t = []string{""}
		return json.Unmarshal(data, &(*t)[0])
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// schemaOrBool is a JSON schema's additionalProperties.
type schemaOrBool struct {
	Schema  *schema
	Allowed bool
}

// UnmarshalJSON reads both.
func (b *schemaOrBool) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		b.Allowed = true
		return json.Unmarshal(data, &b.Schema)
	}
	return json.Unmarshal(data, &b.Allowed)
}
