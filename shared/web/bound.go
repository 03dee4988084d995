package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// The reply of a list has a bound in bytes, which follows from its items' fields: every text says its maxLength, every value a set or a
// size. Handle computes the bound when the route is registered, so that nobody can add a field, or a list, that lets a few requests
// take the memory of a process. What is long (a description, the lines of an order) belongs to the item's own address.

const (
	// maxListBytes is what no list's reply may exceed. The gateway holds a reply of this size for a reader who is slow.
	maxListBytes = 512 << 10
	// maxReplyExtension tells the clients of a list its bound, in bytes.
	maxReplyExtension = "x-max-reply-bytes"
	wholeKey          = "whole"
	currencyPattern   = "^[A-Z]{3}$" // of money.Money
)

// Sizes in JSON, in bytes.
const (
	// characterBytes is the most that UTF-8 takes; an escaped quote or line break has two. A text of a request has fewer on average
	// (text.Rule.MaxBytes), but one that a migration cut is bounded in characters alone, and this bound holds for it too. So tables
	// need no limit in bytes.
	characterBytes = 4
	quotes         = 2
	uuidBytes      = 36
	timeBytes      = len(time.RFC3339Nano) + quotes
	integerBytes   = 20
	currencyBytes  = len("USD") + quotes
	truthBytes     = len("false")
	between        = len(`,`)
)

// WithoutPages is for an operation that answers with a whole list of at most n items, whatever the client asks for.
func WithoutPages(op huma.Operation, n int) huma.Operation {
	return noted(op, wholeKey, n)
}

// item marks a List, and is the type of its items.
func (List[T]) item() reflect.Type { return reflect.TypeFor[T]() }

// bound documents how large a list's reply can be. It panics on a list without a bound.
func bound(op *huma.Operation, input, output reflect.Type) {
	body, ok := output.FieldByName("Body")
	if !ok {
		return
	}
	list, ok := reflect.Zero(body.Type).Interface().(interface{ item() reflect.Type })
	if !ok {
		return
	}
	b := bounds{route: op.Method + " " + op.Path}
	size := len(`{"items":[],"next_cursor":""}`) + maxCursor + mostItems(op, input)*(b.of(list.item(), "", "items[]")+between) + len("\n")
	if size > maxListBytes {
		panic(fmt.Sprintf("web: %s: a reply can have %d bytes, which is more than %d: leave the long fields to the item's own address",
			b.route, size, maxListBytes))
	}
	op.Extensions = withEntry(op.Extensions, maxReplyExtension, size)
}

// mostItems is how many items a reply can have.
func mostItems(op *huma.Operation, input reflect.Type) int {
	if limit, ok := input.FieldByName("Limit"); ok && input.Implements(reflect.TypeFor[interface{ cursor() string }]()) {
		return tagged(limit.Tag, "maximum") // a page's
	}
	if n, ok := op.Metadata[wholeKey].(int); ok {
		return n
	}
	panic(fmt.Sprintf("web: %s %s: a list has pages (embed Page), or says how many items it has (WithoutPages)", op.Method, op.Path))
}

// bounds computes how many bytes of JSON a value of a type can have.
type bounds struct{ route string }

func (b bounds) of(t reflect.Type, tag reflect.StructTag, at string) int {
	switch {
	case tagged(tag, "maxBytes") > 0:
		return tagged(tag, "maxBytes")
	case t == reflect.TypeFor[time.Time]():
		return timeBytes
	case t == reflect.TypeFor[json.RawMessage]():
		panic(fmt.Sprintf("web: %s: %s is any JSON and needs maxBytes", b.route, at))
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.of(t.Elem(), tag, at)
	case reflect.Struct:
		return b.properties(t, at)
	case reflect.String:
		return b.text(t, tag, at)
	case reflect.Slice:
		n := tagged(tag, "maxItems")
		if n == 0 {
			panic(fmt.Sprintf("web: %s: %s is a list in a list and needs maxItems", b.route, at))
		}
		return len("[]") + n*(b.of(t.Elem(), tag, at+"[]")+between)
	case reflect.Bool:
		return truthBytes
	case reflect.Int, reflect.Int32, reflect.Int64:
		return integerBytes
	default:
		panic(fmt.Sprintf("web: %s: %s is a %s, of which no bound in bytes is known", b.route, at, t.Kind()))
	}
}

func (b bounds) properties(t reflect.Type, at string) int {
	size := len("{}")
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			size += b.of(field.Type, field.Tag, at)
		case field.IsExported() && name != "-":
			size += quotes + len(name) + len(":") + b.of(field.Type, field.Tag, at+"."+name) + between
		}
	}
	return size
}

func (b bounds) text(t reflect.Type, tag reflect.StructTag, at string) int {
	longest := 0
	for value := range strings.SplitSeq(tag.Get("enum"), ",") {
		longest = max(longest, len(value))
	}
	switch {
	case longest > 0:
		return quotes + longest
	case tag.Get("format") == formatID, t == reflect.TypeFor[ID]():
		return quotes + uuidBytes
	case tag.Get("pattern") == currencyPattern:
		return currencyBytes
	case t == countryType:
		return quotes + len("GB")
	}
	n := tagged(tag, "maxLength")
	if n == 0 {
		panic(fmt.Sprintf("web: %s: %s is a text and needs maxLength, an enum or the format of an id", b.route, at))
	}
	return quotes + n*characterBytes
}

// tagged is the number in a tag, 0 without one.
func tagged(tag reflect.StructTag, name string) int {
	n, _ := strconv.Atoi(tag.Get(name))
	return n
}
