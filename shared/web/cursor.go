package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"marketplace/shared/fault"
)

// maxCursor is more than any list's cursor needs, in bytes.
const maxCursor = 1024

// ErrCursor is the fault of a cursor that the list has not given out: another list's, one of other filters, or no cursor at all.
var ErrCursor = fault.New(fault.Invalid, "cursor_invalid", "The cursor is not one that this list has given out.").
	WithField("query.cursor", "is not a next_cursor of this list with these filters")

// Cursor reads and writes the cursors of one request for a list. Key is the sort key of an item: an ID, or a struct of all columns that
// the list is sorted by, ids among them as ID.
//
// A cursor holds the list's name with its version, a hash of the sort and the filters, and the key. It is opaque to clients, but neither
// secret nor signed: what may be seen is decided by the request, not by its cursor, so that a forged one is only a page that begins
// elsewhere. The version is part of the name, and changes when Key or its order changes.
type Cursor[Key any] struct {
	list   string
	filter string
	given  string
}

// NewCursor is the cursor of a list for the request in, a struct or a pointer to one that embeds Page. The filters are all other query
// parameters of in, as huma has filled them in, so that a filter that is added later counts too; more is what narrows the list
// beside them, such as the caller's id. It panics on an input without a Page.
func NewCursor[Key any](list string, in any, more ...string) Cursor[Key] {
	paged, ok := in.(interface{ cursor() string })
	if !ok {
		panic(fmt.Sprintf("web: %T embeds no web.Page", in))
	}
	hash := sha256.New()
	writeFilters(hash, reflect.Indirect(reflect.ValueOf(in)))
	for _, part := range more {
		fmt.Fprintf(hash, "%q\n", part)
	}
	return Cursor[Key]{
		list: list, given: paged.cursor(), filter: base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:12]),
	}
}

// writeFilters writes the query parameters of an input, whatever their order in the struct.
func writeFilters(w io.Writer, in reflect.Value) {
	var filters []string
	for _, field := range reflect.VisibleFields(in.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("query"), ",")
		if name == "" || name == "limit" || name == "cursor" {
			continue
		}
		value, err := json.Marshal(in.FieldByIndex(field.Index).Interface())
		if err != nil {
			panic(fmt.Sprintf("web: the filter %s does not encode: %v", name, err)) // a programming mistake
		}
		filters = append(filters, name+"="+string(value)+"\n")
	}
	slices.Sort(filters)
	for _, filter := range filters {
		_, _ = io.WriteString(w, filter)
	}
}

// position is what a cursor says. The names are short because it stands in an address.
type position[Key any] struct {
	List   string `json:"l"`
	Filter string `json:"f"`
	Key    Key    `json:"k"`
}

// Encode is the cursor of the page that follows the item with the key.
func (c Cursor[Key]) Encode(key Key) string {
	return base64.RawURLEncoding.EncodeToString(c.pack(key))
}

func (c Cursor[Key]) pack(key Key) []byte {
	packed, err := json.Marshal(position[Key]{List: c.list, Filter: c.filter, Key: key})
	if err != nil {
		panic(fmt.Sprintf("web: a cursor must encode: %v", err)) // a programming mistake
	}
	return packed
}

// Key is the key that the request's cursor holds; given is false when the request has none, and asks for the first page. A cursor that
// Encode would not have written, byte for byte, for this list and these filters is ErrCursor: so nothing is missing, unknown,
// null or spelled differently in it.
func (c Cursor[Key]) Key() (key Key, given bool, err error) {
	if c.given == "" {
		return key, false, nil
	}
	if len(c.given) > maxCursor {
		return key, false, ErrCursor
	}
	packed, err := base64.RawURLEncoding.Strict().DecodeString(c.given)
	if err != nil {
		return key, false, ErrCursor.Wrap(err)
	}
	var p position[Key]
	if err := json.Unmarshal(packed, &p); err != nil {
		return key, false, ErrCursor.Wrap(err)
	}
	if !bytes.Equal(packed, c.pack(p.Key)) {
		return key, false, ErrCursor
	}
	return p.Key, true, nil
}
