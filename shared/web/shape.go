package web

import (
	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/strictjson"
)

// shapes turns huma's schemas into what is looked at before decoding. A schema that contains itself becomes a shape that does.
type shapes struct {
	schemas huma.Registry
	known   map[*huma.Schema]*strictjson.Shape
}

func shapesOf(schemas huma.Registry) *shapes {
	return &shapes{schemas: schemas, known: map[*huma.Schema]*strictjson.Shape{}}
}

// of is the shape of a schema, nil when the schema allows any value.
func (s *shapes) of(schema *huma.Schema) *strictjson.Shape {
	for schema != nil && schema.Ref != "" {
		schema = s.schemas.SchemaFromRef(schema.Ref)
	}
	if schema == nil || schema.Type == "" {
		return nil
	}
	if shape, ok := s.known[schema]; ok {
		return shape
	}
	shape := &strictjson.Shape{Nullable: schema.Nullable}
	s.known[schema] = shape
	if schema.MaxItems != nil {
		shape.MaxItems = *schema.MaxItems
	}
	if schema.MaxProperties != nil {
		shape.MaxProperties = *schema.MaxProperties
	}
	shape.Items = s.of(schema.Items)
	if schema.Type != huma.TypeObject {
		return shape
	}
	switch others := schema.AdditionalProperties.(type) {
	case bool:
		shape.Closed = !others
	case *huma.Schema:
		shape.Others = s.of(others)
	}
	shape.Properties = make(map[string]*strictjson.Shape, len(schema.Properties))
	for name, property := range schema.Properties {
		shape.Properties[name] = s.of(property)
	}
	return shape
}
