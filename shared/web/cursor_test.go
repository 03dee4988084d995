package web_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/web"
)

type saleKey struct {
	At time.Time `json:"at"`
	ID web.ID    `json:"id"`
}

type saleInput struct {
	web.Page
	Status string    `query:"status"`
	Low    bool      `query:"low"`
	From   time.Time `query:"from"`
	Header string    `header:"X-Other"`
}

func sales(in saleInput) web.Cursor[saleKey] { return web.NewCursor[saleKey]("sales.1", in, "shopper") }

func aSale() saleKey {
	return saleKey{At: time.Date(2026, 2, 3, 4, 5, 6, 789_012_000, time.UTC), ID: web.ID(uuid.NewString())}
}

func TestCursor_TheNextPageBeginsAtTheKeyThatWasGivenOut(t *testing.T) {
	t.Parallel()
	in, key := saleInput{Status: "open", Low: true}, aSale()
	_, given, err := sales(in).Key()
	require.NoError(t, err)
	require.False(t, given, "no cursor asks for the first page")

	in.Cursor = sales(in).Encode(key)
	require.Less(t, len(in.Cursor), 255)
	in.Limit, in.Header = 7, "the limit and headers are no filters"
	got, given, err := sales(in).Key()
	require.NoError(t, err)
	require.True(t, given)
	require.Equal(t, key, got)
}

func TestCursor_WhatTheListHasNotGivenOutIsRefused(t *testing.T) {
	t.Parallel()
	in, key := saleInput{Status: "open"}, aSale()
	good := sales(in).Encode(key)
	packed, err := base64.RawURLEncoding.DecodeString(good)
	require.NoError(t, err)
	text := string(packed)
	changed := func(old, with string) string {
		require.Contains(t, text, old)
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(text, old, with, 1)))
	}
	_, after, found := strings.Cut(text, `{"at"`)
	require.True(t, found)
	keyed := `{"at"` + after
	plain := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	id := string(key.ID)
	for name, cursor := range map[string]string{
		"another list":        web.NewCursor[saleKey]("returns.1", in, "shopper").Encode(key),
		"another version":     web.NewCursor[saleKey]("sales.2", in, "shopper").Encode(key),
		"another caller":      web.NewCursor[saleKey]("sales.1", in, "other").Encode(key),
		"another key":         web.NewCursor[web.ID]("sales.1", in, "shopper").Encode(key.ID),
		"another status":      sales(saleInput{Status: "closed"}).Encode(key),
		"another flag":        sales(saleInput{Status: "open", Low: true}).Encode(key),
		"another time":        sales(saleInput{Status: "open", From: key.At}).Encode(key),
		"no filter":           sales(saleInput{}).Encode(key),
		"null":                plain("null"),
		"an empty object":     plain("{}"),
		"a list":              plain("[]"),
		"a text":              plain(`"` + id + `"`),
		"a number":            plain("17"),
		"a null key":          changed(keyed, "null}"),
		"an empty key":        changed(keyed, "{}}"),
		"a field missing":     changed(`,"id":"`+id+`"`, ""),
		"a null field":        changed(`"`+id+`"`, "null"),
		"an unknown field":    changed(`"id":`, `"x":1,"id":`),
		"a field twice":       changed(`"id":`, `"id":"`+id+`","id":`),
		"a name in capitals":  changed(`"id":`, `"ID":`),
		"an id in capitals":   changed(id, strings.ToUpper(id[:35])+"F"),
		"no id":               changed(id, "x"),
		"another time zone":   changed(".789012Z", ".789012+00:00"),
		"a space":             changed(`,"id"`, ` ,"id"`),
		"something after it":  changed("}}", "}} "),
		"two of them":         good + good,
		"padding":             good + "=",
		"not base64":          "!!",
		"the other alphabet":  "++++",
		"cut off":             good[:len(good)-4],
		"plain JSON":          text,
		"longer than any":     strings.Repeat("A", 2000),
		"white space":         " ",
		"an SQL injection":    plain(`' or true --`),
		"a NUL":               plain("\x00"),
		"bytes without sense": plain("\xff\xfe"),
	} {
		in.Cursor = cursor
		_, _, err := sales(in).Key()
		require.ErrorIs(t, err, web.ErrCursor, name)
		require.Equal(t, fault.Invalid, fault.Of(err).Kind, name)
		require.Equal(t, "cursor_invalid", fault.Of(err).Code, name)
	}
}

func TestPageOf_HasACursorOnlyWhenThereIsMore(t *testing.T) {
	t.Parallel()
	rows := []web.ID{web.ID(uuid.NewString()), web.ID(uuid.NewString()), web.ID(uuid.NewString())}
	page := func(rows []web.ID) web.List[string] {
		return web.PageOf(web.NewCursor[web.ID]("ids.1", web.Page{}), rows, 2,
			func(id web.ID) string { return string(id) }, func(id web.ID) web.ID { return id })
	}
	first := page(rows)
	require.Equal(t, []string{string(rows[0]), string(rows[1])}, first.Items)
	key, given, err := web.NewCursor[web.ID]("ids.1", web.Page{Cursor: first.NextCursor}).Key()
	require.NoError(t, err)
	require.True(t, given)
	require.Equal(t, rows[1], key)
	require.Empty(t, page(rows[:2]).NextCursor)
	require.NotNil(t, page(nil).Items)
}
