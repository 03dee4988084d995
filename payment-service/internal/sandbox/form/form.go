// Package form reads the request encoding of Stripe's API: form fields whose names nest, as in metadata[order_id]=7,
// payment_method_types[0]=card or created[gte]=1700000000.
//
// Names are flattened to one spelling (a[] becomes a[0], a[1], ...), so that two encodings of the same parameters are equal:
// idempotency compares them. Everything is bounded. The readers return what a field holds or a refusal that names it.
package form

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"marketplace/payment-service/internal/sandbox/processor"
)

// Bounds of a request. Those of metadata are Stripe's.
const (
	maxFields        = 300
	maxName          = 300
	maxValue         = 5000
	maxMetadata      = 50
	maxMetadataName  = 40
	maxMetadataValue = 500
)

// Values are the fields of one request.
type Values struct {
	fields map[string]string
}

// Parse decodes an encoded form or query string.
func Parse(encoded string) (Values, *processor.Error) {
	v := Values{fields: map[string]string{}}
	seen := map[string]int{} // how many of each a[] came so far
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, err := decode(pair)
		if err != nil {
			return Values{}, processor.Invalid("", "", "The request is not a valid form: %s.", err)
		}
		if root, ok := strings.CutSuffix(name, "[]"); ok {
			name = fmt.Sprintf("%s[%d]", root, seen[root])
			seen[root]++
		}
		v.fields[name] = value
		if len(v.fields) > maxFields {
			return Values{}, processor.Invalid("", "", "The request has too many parameters.")
		}
	}
	return v, nil
}

func decode(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	if name, err = url.QueryUnescape(name); err != nil {
		return "", "", fmt.Errorf("a name is badly escaped")
	}
	if value, err = url.QueryUnescape(value); err != nil {
		return "", "", fmt.Errorf("a value is badly escaped")
	}
	switch {
	case name == "" || len(name) > maxName:
		return "", "", fmt.Errorf("a name is empty or too long")
	case len(value) > maxValue:
		return "", "", fmt.Errorf("a value is too long")
	case !text(name) || !text(value):
		return "", "", fmt.Errorf("it is not UTF-8 text")
	}
	return name, value, nil
}

// text tells whether PostgreSQL can keep s.
func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Canonical is the one spelling of these fields: sorted and encoded.
func (v Values) Canonical() string {
	all := url.Values{}
	for name, value := range v.fields {
		all.Set(name, value)
	}
	return all.Encode()
}

// Only refuses the first field, in order, whose outermost name is not among those allowed.
func (v Values) Only(allowed ...string) *processor.Error {
	var unknown []string
	for name := range v.fields {
		root, _, _ := strings.Cut(name, "[")
		if !slices.Contains(allowed, root) {
			unknown = append(unknown, root)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	name := slices.Min(unknown)
	return processor.Invalid(name, "parameter_unknown", "Received unknown parameter: %s", name)
}

// Has tells whether the field, or one nested in it, was sent.
func (v Values) Has(name string) bool {
	for n := range v.fields {
		if n == name || strings.HasPrefix(n, name+"[") {
			return true
		}
	}
	return false
}

// String returns the field, empty when it is absent.
func (v Values) String(name string) string { return v.fields[name] }

// Int returns the field as a whole number, or absent when it was not sent.
func (v Values) Int(name string, absent int64) (int64, *processor.Error) {
	s, ok := v.fields[name]
	if !ok {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, processor.Invalid(name, "parameter_invalid_integer", "Invalid integer: %s", name)
	}
	return n, nil
}

// Bool returns the field as a truth value; false when it was not sent.
func (v Values) Bool(name string) (bool, *processor.Error) {
	switch v.fields[name] {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, processor.Invalid(name, "", "Invalid boolean: %s must be either true or false", name)
}

// List returns the elements of an array in the order of their indexes.
func (v Values) List(name string) []string {
	var list []string
	for i := range maxFields {
		s, ok := v.fields[fmt.Sprintf("%s[%d]", name, i)]
		if !ok {
			break
		}
		list = append(list, s)
	}
	return list
}

// Metadata returns the caller's own fields. An empty value removes a field, so it is left out.
func (v Values) Metadata() (map[string]string, *processor.Error) {
	all := map[string]string{}
	for name, value := range v.fields {
		inner, ok := strings.CutPrefix(name, "metadata[")
		if !ok || value == "" {
			continue
		}
		key, ok := strings.CutSuffix(inner, "]")
		switch {
		case !ok || key == "" || strings.ContainsAny(key, "[]"):
			return nil, processor.Invalid("metadata", "", "Invalid metadata: its names must not nest.")
		case utf8.RuneCountInString(key) > maxMetadataName:
			return nil, processor.Invalid("metadata", "", "Metadata keys can have up to %d characters.", maxMetadataName)
		case utf8.RuneCountInString(value) > maxMetadataValue:
			return nil, processor.Invalid("metadata", "", "Metadata values can have up to %d characters.", maxMetadataValue)
		}
		all[key] = value
	}
	if len(all) > maxMetadata {
		return nil, processor.Invalid("metadata", "", "Metadata can have up to %d keys.", maxMetadata)
	}
	return all, nil
}
