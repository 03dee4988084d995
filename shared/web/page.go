package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"marketplace/shared/fault"
)

// Page is the paging part of a list's input; embed it.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items at most"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the reply before"`
}

// List is the body of a list.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Where the next page begins; absent on the last"`
}

// ErrCursor is the fault of a cursor that decodes and means nothing.
var ErrCursor = fault.New(fault.Invalid, "cursor_invalid", "The cursor is not one that this list has given out.").
	WithField("query.cursor", "is not a next_cursor of this list")

// EncodeCursor packs the sort key of the last item of a page. It is opaque to clients, but not secret.
func EncodeCursor(key any) string {
	packed, err := json.Marshal(key)
	if err != nil {
		panic(fmt.Sprintf("web: a cursor must encode: %v", err)) // a programming mistake
	}
	return base64.RawURLEncoding.EncodeToString(packed)
}

// DecodeCursor unpacks a cursor into a pointer to what was encoded, or returns a fault. An empty cursor leaves it alone.
func DecodeCursor(cursor string, key any) error {
	if cursor == "" {
		return nil
	}
	packed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return ErrCursor.Wrap(err)
	}
	if err := json.Unmarshal(packed, key); err != nil {
		return ErrCursor.Wrap(err)
	}
	return nil
}

// CursorID unpacks a cursor that is an id, of a list in the order of ids; empty without a cursor.
func CursorID(cursor string) (id string, err error) {
	if err := DecodeCursor(cursor, &id); err != nil || cursor == "" {
		return "", err
	}
	if id, err = ParseID(id); err != nil {
		return "", ErrCursor.Wrap(err)
	}
	return id, nil
}

// NewList is a list of items that never encodes as null.
func NewList[T any](items []T, next string) List[T] {
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items, NextCursor: next}
}
