package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Change is a field of a PATCH that can be cleared (RFC 7396): absent leaves it as it is, null clears it, a value sets it. Its
// schema is nullable; fields of all other types refuse null. T is a text, a number or a truth value, and the field's JSON
// tag must say omitzero.
//
//	CategoryID web.Change[web.ID] `json:"category_id,omitzero"`
type Change[T any] struct {
	Sent  bool // the field was in the body, as null or as a value
	Null  bool
	Value T // the zero value when the field was absent or null
}

// Set is a change to a value.
func Set[T any](value T) Change[T] { return Change[T]{Sent: true, Value: value} }

// Pointer is what the field becomes: nil leaves it as it is, and a cleared one becomes the zero value.
func (c Change[T]) Pointer() *T {
	if !c.Sent {
		return nil
	}
	return &c.Value
}

// UnmarshalJSON is called for a field that was sent, null too.
func (c *Change[T]) UnmarshalJSON(data []byte) error {
	*c = Change[T]{Sent: true}
	if bytes.Equal(data, []byte("null")) {
		c.Null = true
		return nil
	}
	return json.Unmarshal(data, &c.Value)
}

// MarshalJSON makes the change that UnmarshalJSON reads.
func (c Change[T]) MarshalJSON() ([]byte, error) {
	if c.Null || !c.Sent {
		return []byte("null"), nil
	}
	return json.Marshal(c.Value)
}

// changes marks a Change of whatever type: a text in it is in its field Value.
func (Change[T]) changes() {}

// Schema is T's, and null.
func (Change[T]) Schema(schemas huma.Registry) *huma.Schema {
	schema := huma.SchemaFromType(schemas, reflect.TypeFor[T]())
	switch schema.Type {
	case huma.TypeString, huma.TypeInteger, huma.TypeNumber, huma.TypeBoolean:
	default:
		panic(fmt.Sprintf("web: a Change of %s has no schema that allows null", reflect.TypeFor[T]()))
	}
	schema.Nullable = true
	return schema
}
