package web

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/fault"
	"marketplace/shared/text"
)

// Texts that people write reach a handler in their normal form. Handle looks for text.Line, text.Block and text.Country in a
// route's input once, when the route is registered, and every request's texts are parsed in place. minLength and maxLength of
// their fields bound the normal form: huma's own check of maxLength would count what was typed, so it is taken out. A map of
// texts has keyLength and valueLength instead, in characters.
//
// Any other string in a body says what it is: see refuseFreeText.

var errTexts = fault.New(fault.Invalid, "invalid", plain[http.StatusUnprocessableEntity][1])

// maxWrongTexts is how many wrong texts a reply names.
const maxWrongTexts = 20

// A cleaner parses the texts in an addressable value in place, and returns those that are wrong.
type cleaner func(v reflect.Value) []wrongText

type wrongText struct {
	location string // below the value: ".items[0].name"
	message  string
	code     string // of the reply, where the field has one of its own
}

// cleanTexts is the cleaner of a route's whole input; nil when no text is in it.
func (s *Server) cleanTexts(input reflect.Type, op *huma.Operation) cleaner {
	w := &textWalk{schemas: s.api.OpenAPI().Components.Schemas, route: op.Method + " " + op.Path}
	var fields []fieldCleaner
	for i := range input.NumField() {
		field := input.Field(i)
		at, schema := inputPart(field, op)
		switch {
		case schema != nil:
			fields = appendCleaner(fields, i, at, w.of(field.Type, field.Tag, schema, at))
		case field.Anonymous && field.Type.Kind() == reflect.Struct:
			fields = appendCleaner(fields, i, "", s.cleanTexts(field.Type, op))
		}
	}
	return cleanFields(fields)
}

// inputPart is where a part of an input comes from, and its schema; nil for what is neither the body nor a parameter.
func inputPart(field reflect.StructField, op *huma.Operation) (at string, schema *huma.Schema) {
	if field.Name == "Body" && op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
		return "body", op.RequestBody.Content["application/json"].Schema
	}
	for _, in := range []string{"path", "query", "header"} {
		name, _, _ := strings.Cut(field.Tag.Get(in), ",")
		for _, p := range op.Parameters {
			if name != "" && p.In == in && p.Name == name {
				return in + "." + name, p.Schema
			}
		}
	}
	return "", nil
}

// refusal is the reply to wrong texts; nil when there are none.
func refusal(wrong []wrongText) error {
	if len(wrong) == 0 {
		return nil
	}
	f := errTexts
	for _, w := range wrong[:min(len(wrong), maxWrongTexts)] {
		f = f.WithField(w.location, w.message)
		if w.code != "" {
			f.Code = w.code // of the copy that WithField has made
		}
	}
	return f
}

// textWalk makes cleaners of types, along their schemas.
type textWalk struct {
	schemas huma.Registry
	route   string
	around  []reflect.Type // the types that the walk is inside of: a recursive type is walked once
}

var (
	lineType    = reflect.TypeFor[text.Line]()
	blockType   = reflect.TypeFor[text.Block]()
	countryType = reflect.TypeFor[text.Country]()
	emailType   = reflect.TypeFor[text.Email]()
	changeType  = reflect.TypeFor[interface{ changes() }]()
)

// of is the cleaner of a type; nil when no text is in it.
func (w *textWalk) of(t reflect.Type, tag reflect.StructTag, schema *huma.Schema, at string) cleaner {
	if schema != nil && schema.Ref != "" {
		schema = w.schemas.SchemaFromRef(schema.Ref)
	}
	switch {
	case t == lineType || t == blockType:
		return w.text(t, tag, schema, at)
	case t == countryType:
		if schema != nil {
			schema.Extensions = withEntry(schema.Extensions, textExtension, "country")
		}
		return cleanCountry
	case t.Kind() == reflect.String:
		w.refuseFreeText(t, schema, at)
	case t.Implements(changeType):
		value, _ := t.FieldByName("Value")
		return cleanFields(appendCleaner(nil, value.Index[0], "", w.of(value.Type, tag, schema, at)))
	case t.Kind() == reflect.Pointer:
		return behind(w.of(t.Elem(), tag, schema, at))
	case t.Kind() == reflect.Slice && schema != nil:
		return each(w.of(t.Elem(), tag, schema.Items, at+"[]"))
	case t.Kind() == reflect.Map:
		return w.entries(t, tag, schema, at)
	case t.Kind() == reflect.Struct && schema != nil && len(schema.Properties) > 0:
		return w.properties(t, schema, at)
	}
	return nil
}

func (w *textWalk) properties(t reflect.Type, schema *huma.Schema, at string) cleaner {
	for _, outer := range w.around {
		if outer == t {
			return nil
		}
	}
	w.around = append(w.around, t)
	defer func() { w.around = w.around[:len(w.around)-1] }()
	var fields []fieldCleaner
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			fields = appendCleaner(fields, i, "", w.of(field.Type, field.Tag, schema, at))
		case field.IsExported() && schema.Properties[name] != nil:
			fields = appendCleaner(fields, i, "."+name, w.of(field.Type, field.Tag, schema.Properties[name], at+"."+name))
		}
	}
	return cleanFields(fields)
}

// text is the cleaner of a text with the limits of its field. They stay in the document.
func (w *textWalk) text(t reflect.Type, tag reflect.StructTag, schema *huma.Schema, at string) cleaner {
	rule := text.Rule{Min: w.length(tag, "minLength", at, 0), Max: w.length(tag, "maxLength", at, -1), Lines: t == blockType}
	if schema != nil {
		schema.Extensions = documented(rule)
		schema.MaxLength = nil
	}
	return func(v reflect.Value) []wrongText {
		if v.Len() == 0 {
			return nil // it is absent, or huma has refused it
		}
		clean, err := rule.Parse(v.String())
		if err != nil {
			return []wrongText{{message: err.Error(), code: codeOf(tag, err)}}
		}
		v.SetString(clean)
		return nil
	}
}

// textExtension tells clients that a string is a text that people write, which is stored in its normal form ("line" or "block"), or
// the code of a country that exists ("country").
const textExtension = "x-text"

func documented(rule text.Rule) map[string]any {
	kind := "line"
	if rule.Lines {
		kind = "block"
	}
	return map[string]any{textExtension: kind, "maxLength": rule.Max}
}

// codeOf is the code of a wrong text: its field's own, or the one of texts that cannot be stored, or none.
func codeOf(tag reflect.StructTag, err error) string {
	if code := tag.Get("code"); code != "" {
		return code
	}
	if errors.Is(err, text.ErrCharacter) {
		return "invalid_text"
	}
	return ""
}

// entries is the cleaner of a map, whose keys are texts. A location ends at the map: its keys are the sender's text.
func (w *textWalk) entries(t reflect.Type, tag reflect.StructTag, schema *huma.Schema, at string) cleaner {
	if t.Key() != lineType {
		panic(fmt.Sprintf("web: %s: the names in %s are free text: make them text.Line", w.route, at))
	}
	keys := text.Rule{Min: 1, Max: w.length(tag, "keyLength", at, -1)}
	schema.Extensions = withEntry(schema.Extensions, "propertyNames", documented(keys))
	values, _ := schema.AdditionalProperties.(*huma.Schema)
	clean := w.of(t.Elem(), reflect.StructTag(fmt.Sprintf(`maxLength:%q %s`, tag.Get("valueLength"), tag)), values, at+".*")
	return func(v reflect.Value) []wrongText {
		if v.IsNil() {
			return nil
		}
		entries := reflect.MakeMapWithSize(t, v.Len())
		for entry := v.MapRange(); entry.Next(); {
			key, err := keys.Parse(entry.Key().String())
			if err != nil {
				return []wrongText{{message: "has a name that " + err.Error(), code: codeOf(tag, err)}}
			}
			value := reflect.New(t.Elem()).Elem()
			value.Set(entry.Value())
			if clean != nil {
				if wrong := clean(value); len(wrong) > 0 {
					return []wrongText{{message: "has a value that " + wrong[0].message, code: wrong[0].code}}
				}
			}
			if entries.MapIndex(reflect.ValueOf(text.Line(key))).IsValid() {
				return []wrongText{{message: "has one name twice"}}
			}
			entries.SetMapIndex(reflect.ValueOf(text.Line(key)), value)
		}
		v.Set(entries)
		return nil
	}
}

// length reads a limit from a tag. It panics when there is none and otherwise is negative: every text is bounded.
func (w *textWalk) length(tag reflect.StructTag, name, at string, otherwise int) int {
	n, err := strconv.Atoi(tag.Get(name))
	if err == nil && n >= 0 {
		return n
	}
	if tag.Get(name) != "" || otherwise < 0 {
		panic(fmt.Sprintf("web: %s: %s is a text and needs %s", w.route, at, name))
	}
	return otherwise
}

// refuseFreeText panics on a string in a body that does not say what it is: a text that people write has a type of package
// text; anything else has an enum, a pattern, or a format such as uuid or password. So no field is forgotten.
func (w *textWalk) refuseFreeText(t reflect.Type, schema *huma.Schema, at string) {
	said := schema != nil && (schema.Format != "" || schema.Pattern != "" || len(schema.Enum) > 0)
	if strings.HasPrefix(at, "body") && t != emailType && !said {
		panic(fmt.Sprintf("web: %s: %s is free text: make it a text.Line or a text.Block, or give it a format, an enum or a pattern", w.route, at))
	}
}

func cleanCountry(v reflect.Value) []wrongText {
	if v.Len() == 0 || text.Country(v.String()).Exists() {
		return nil
	}
	return []wrongText{{message: "is not a country code of ISO 3166-1"}}
}
