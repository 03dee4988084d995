package web

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/ids"
)

// requireIDs panics on an operation with a parameter or a field that is named as an id (id, ids, *_id, *_ids) and is a text of any other
// kind: its input would take spellings that PostgreSQL refuses, or that name one resource twice. An id of ours is an ID; what
// another system gives out is a ForeignID. A field of a reply may be a plain string whose tag says format:"uuid".
func requireIDs(op *huma.Operation, schemas huma.Registry) {
	c := idCheck{op: op, schemas: schemas, seen: map[*huma.Schema]bool{}}
	for _, p := range op.Parameters {
		c.named(p.In+"."+p.Name, p.Name, p.Schema, true)
		c.schema(p.In+"."+p.Name, p.Schema, true)
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			c.schema("body", media.Schema, true)
		}
	}
	c.seen = map[*huma.Schema]bool{} // what is sent and received has been seen as input only
	for status, response := range op.Responses {
		for _, media := range response.Content {
			c.schema(status, media.Schema, false)
		}
	}
}

type idCheck struct {
	op      *huma.Operation
	schemas huma.Registry
	seen    map[*huma.Schema]bool
}

// schema looks at all fields of a schema.
func (c *idCheck) schema(where string, s *huma.Schema, input bool) {
	if s = c.resolved(s); s == nil || c.seen[s] {
		return
	}
	c.seen[s] = true
	for name, field := range s.Properties {
		c.named(where+"."+name, name, field, input)
		c.schema(where+"."+name, field, input)
	}
	c.schema(where+"[]", s.Items, input)
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		c.schema(where+".*", values, input)
	}
}

// named checks one parameter or field.
func (c *idCheck) named(where, name string, s *huma.Schema, input bool) {
	last := name[strings.LastIndexByte(name, '_')+1:]
	if last != "id" && last != "ids" {
		return
	}
	if s = c.resolved(s); s != nil && s.Type == huma.TypeArray {
		s = c.resolved(s.Items)
	}
	if s == nil || s.Type != huma.TypeString || s.Format == formatForeignID {
		return // a number is its own spelling
	}
	if s.Format != formatID || input && s.Pattern != ids.Pattern {
		panic(fmt.Sprintf("web: %s %s: %s is no web.ID", c.op.Method, c.op.Path, where))
	}
}

func (c *idCheck) resolved(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return c.schemas.SchemaFromRef(s.Ref)
	}
	return s
}
