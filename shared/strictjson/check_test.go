package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"marketplace/shared/strictjson"
)

var (
	one = &strictjson.Shape{}
	// line is {"id", "note"?} of an order {"lines" (at most 3), "labels"?, "phone": nullable, "any": anything}.
	line  = &strictjson.Shape{Closed: true, Properties: map[string]*strictjson.Shape{"id": one, "note": one}}
	order = &strictjson.Shape{Closed: true, Properties: map[string]*strictjson.Shape{
		"lines":  {MaxItems: 3, Items: line},
		"labels": {MaxProperties: 2, Others: one},
		"phone":  {Nullable: true},
		"any":    nil,
	}}
)

func TestCheck_RefusesWhatCannotBeReadInOneWayOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		document string
		want     error
	}{
		"nothing":                        {``, strictjson.ErrSyntax},
		"two documents":                  {`{}{}`, strictjson.ErrSyntax},
		"a trailing comma":               {`[1,]`, strictjson.ErrSyntax},
		"a control character":            {"\"a\nb\"", strictjson.ErrSyntax},
		"a leading zero":                 {`01`, strictjson.ErrSyntax},
		"a byte order mark":              {"\uFEFF{}", strictjson.ErrSyntax},
		"an unknown escape":              {`"\x41"`, strictjson.ErrSyntax},
		"half an escape":                 {`"\u12"`, strictjson.ErrSyntax},
		"a byte of no character":         {"\"pass\xff\"", strictjson.ErrNotUTF8},
		"an overlong slash":              {"\"\xc0\xaf\"", strictjson.ErrNotUTF8},
		"an encoded surrogate":           {"\"\xed\xa0\x80\"", strictjson.ErrNotUTF8},
		"Latin-1 in a name":              {"{\"caf\xe9\":1}", strictjson.ErrNotUTF8},
		"UTF-16":                         {"{\x00}\x00", strictjson.ErrSyntax},
		"a high surrogate alone":         {`"\uD800"`, strictjson.ErrSurrogate},
		"a low surrogate alone":          {`"\uDC00"`, strictjson.ErrSurrogate},
		"a high one before text":         {`"\uD83Dx"`, strictjson.ErrSurrogate},
		"a high one before an escape":    {`"\uD83D\n"`, strictjson.ErrSurrogate},
		"a high one before a character":  {`"\uD83D\u0041"`, strictjson.ErrSurrogate},
		"two high ones":                  {`"\uD83D\uD83D\uDE00"`, strictjson.ErrSurrogate},
		"a pair in the wrong order":      {`"\uDE00\uD83D"`, strictjson.ErrSurrogate},
		"half a pair in a name":          {`{"a\udfff":1}`, strictjson.ErrSurrogate},
		"half a pair deep inside":        {`{"any":[[{"x":["\ud800"]}]]}`, strictjson.ErrSurrogate},
		"a repeated name":                {`{"phone":"a","phone":"b"}`, strictjson.ErrRepeated},
		"a repeated name, once escaped":  {`{"any":{"a":1,"b":2,"\u0061":3}}`, strictjson.ErrRepeated},
		"a name repeated after a nested": {`{"any":{"a":{"a":1},"a":2}}`, strictjson.ErrRepeated},
		"nesting without end":            {`{"any":` + strings.Repeat("[", 500_000), strictjson.ErrDepth},
	} {
		_, err := strictjson.Defaults.Check([]byte(c.document), order)
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestCheck_TakesEverythingElse(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`{}`, ` { "lines" : [ ] } `, `"\uD83D\uDE00\u0000\"\\\/\b\f\n\r\t"`, `"😀 Łódź \u00e9"`, `-0.5e-7`, `10E+3`, `[true,false,0]`,
		`{"lines":[{"id":"a","note":"b"},{"id":"a"}],"labels":{"x":"y"},"phone":null,"any":{"a":null}}`,
		`{"any":{"a":{"b":1},"b":{"a":[{"b":1},{"b":2}]}}}`,
	} {
		shape := order
		if !strings.Contains(document, "{") {
			shape = nil
		}
		refusals, err := strictjson.Defaults.Check([]byte(document), shape)
		require.NoError(t, err, document)
		require.Empty(t, refusals, document)
		require.True(t, json.Valid([]byte(document)), document)
	}
}

func TestCheck_RefusesNullsAndCountsAndNamesTheirPlaces(t *testing.T) {
	t.Parallel()
	deep := `{"any":[{"s3cret":[` + strings.Repeat("0,", 100) + `0]}]}`
	for document, want := range map[string]strictjson.Refusal{
		`null`:                                     {Path: "", Message: strictjson.MsgNull},
		`{"lines":null}`:                           {Path: "lines", Message: strictjson.MsgNull},
		`{"lines":[{"id":"a"},null]}`:              {Path: "lines[1]", Message: strictjson.MsgNull},
		`{"lines":[{"id":"a","note":null}]}`:       {Path: "lines[0].note", Message: strictjson.MsgNull},
		`{"labels":{"s3cret":null}}`:               {Path: "labels", Message: strictjson.MsgNull},
		`{"lines":[{},{},{},{}]}`:                  {Path: "lines", Message: strictjson.MsgItems},
		`{"labels":{"a":1,"b":2,"c":3}}`:           {Path: "labels", Message: strictjson.MsgProperties},
		`{"lines":[{"id":1,"s3cret":2,"note":3}]}`: {Path: "lines[0]", Message: strictjson.MsgUnknown},
		deep: {Path: "any", Message: strictjson.MsgItems},
	} {
		refusals, err := strictjson.Defaults.Check([]byte(document), order)
		require.NoError(t, err, document)
		require.Equal(t, []strictjson.Refusal{want}, refusals, document)
	}
	many := &strictjson.Shape{MaxItems: 1000, Items: one}
	refusals, err := strictjson.Defaults.Check([]byte(`[`+strings.Repeat("null,", 999)+`null]`), many)
	require.NoError(t, err)
	require.Len(t, refusals, strictjson.MaxRefusals)
}

func TestValid_IsFalseForWhatCheckRefuses(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]error{
		`{"a":[1,{"b":true}]}`: nil, `null`: strictjson.ErrCount, `{"a":null}`: strictjson.ErrCount, `{"a":[{"b":null}]}`: strictjson.ErrCount,
		`[` + strings.Repeat("0,", 100) + `0]`: strictjson.ErrCount, `{"a":"\ud800"}`: strictjson.ErrSurrogate,
	} {
		err := strictjson.Defaults.Valid([]byte(document), strictjson.WithoutNull())
		require.Equal(t, want, err, document)
	}
}

// Not parallel: it counts allocations.
func TestCheck_P42_CostsTheSameHoweverMuchIsSent(t *testing.T) {
	unknown := []byte(`{`)
	for i := range 70_000 {
		unknown = append(append(unknown, `"field`...), byte('a'+i%26), byte('a'+i/26%26), byte('a'+i/676%26), byte('a'+i/17576))
		unknown = append(unknown, `":1,`...)
	}
	for name, document := range map[string][]byte{
		"unknown fields": append(unknown, `"z":1}`...),
		"empty items":    []byte(`{"lines":[` + strings.Repeat("{},", 340_000) + `{}]}`),
		"empty lists":    []byte(`{"any":[` + strings.Repeat("[],", 340_000) + `[]]}`),
		"nested lists":   []byte(`{"any":` + strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000) + `}`),
		"nested objects": []byte(strings.Repeat(`{"any":`, 150_000)),
		"nulls":          []byte(`{"lines":[` + strings.Repeat("null,", 200_000) + `null]}`),
		"names":          []byte(`{"labels":{` + strings.Repeat(`"a\u0061":1,`, 80_000) + `}}`),
	} {
		require.Greater(t, len(document), 900_000, name)
		perRun := testing.AllocsPerRun(3, func() {
			refusals, err := strictjson.Defaults.Check(document, order)
			require.True(t, err != nil || len(refusals) > 0, name)
			require.LessOrEqual(t, len(refusals), strictjson.MaxRefusals, name)
		})
		require.Less(t, perRun, 100.0, name)
	}
}

// FuzzCheck compares with encoding/json, which agrees but for what it is lenient with.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+7,true,null],"b":{"c":"\u00e9\n"}}`, `"\ud83d\ude00"`, `"\ud83d"`, `{"a":1,"\u0061":2}`, "\"\xff\"", ` [ ] `, `{"a":}`, `[1 2]`, `-`, `1.`, `"\u00zz"`,
	} {
		f.Add([]byte(seed))
	}
	loose := strictjson.Limits{Depth: 9_999, Items: 1 << 30, Properties: 1 << 30}
	f.Fuzz(func(t *testing.T, document []byte) {
		refusals, err := loose.Check(document, nil)
		require.Empty(t, refusals)
		valid := json.Valid(document)
		switch {
		case err == nil:
			require.True(t, valid)
			require.True(t, utf8.Valid(document))
			var decoded any
			require.NoError(t, json.Unmarshal(document, &decoded))
			if encoded, _ := json.Marshal(decoded); strings.ContainsRune(string(encoded), '\uFFFD') {
				require.Regexp(t, "(?i)\uFFFD|fffd", string(document), "a character was replaced")
			}
		case errors.Is(err, strictjson.ErrSyntax), errors.Is(err, strictjson.ErrDepth):
			require.False(t, valid)
		}
	})
}

func BenchmarkCheck_Order(b *testing.B) {
	document := []byte(`{"items":[` + strings.Repeat(`{"product_id":"0198c0de-0000-7000-8000-000000000001","quantity":2},`, 2) +
		`{"product_id":"0198c0de-0000-7000-8000-000000000002","quantity":1}],"shipping_address":{"name":"Ada Lovelace",` +
		`"line1":"12 St James's Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"},"payment_method_id":"pm_card_visa"}`)
	item := &strictjson.Shape{Closed: true, Properties: map[string]*strictjson.Shape{"product_id": one, "quantity": one}}
	address := &strictjson.Shape{Closed: true, Properties: map[string]*strictjson.Shape{
		"name": one, "line1": one, "line2": one, "city": one, "region": one, "postal_code": one, "country": one, "phone": one,
	}}
	shape := &strictjson.Shape{Closed: true, Properties: map[string]*strictjson.Shape{
		"items": {MaxItems: 100, Items: item}, "shipping_address": address, "payment_method_id": one,
	}}
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if refusals, err := strictjson.Defaults.Check(document, shape); err != nil || len(refusals) > 0 {
			b.Fatal(err, refusals)
		}
	}
}
