// Package strictjson looks at the bytes of a JSON document before anything decodes them.
//
// encoding/json is lenient where a marketplace must not be: it replaces bytes that are not UTF-8 and halves of surrogate pairs by
// U+FFFD, so that different passwords become one; it merges names that are repeated; it takes null for an absent field; and it
// builds whatever it is given, however much that is. Check refuses all of this in one pass, in memory that does not grow with a
// valid document:
//
//	refusals, err := strictjson.Defaults.Check(body, shape)
//
// An error means that the document cannot be read in one way only (RFC 8259, 8.1 and 8.2; RFC 7493, 2.3). A refusal means that it can
// be read and does not fit its Shape: it holds more than the shape allows, or null where the shape has none. Types, lengths
// and patterns are not looked at: that is validation, which comes after and can rely on an input that is small.
package strictjson
