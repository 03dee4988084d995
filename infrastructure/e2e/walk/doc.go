// Package walk tries every operation of the merged OpenAPI document with what strangers send: null, bytes that are no text, other
// spellings of ids, invisible texts, cursors of another list, unknown parameters, invalid tokens, bodies that are too large.
//
// The walk knows no route. It reads the document that the gateway serves, makes a body for each operation from its schema, and spoils
// one part of it at a time, so that a new route, field, id or list is covered by itself. No operation is left out, and one that
// the walk cannot try (nothing to read in a list, a kind of string that it has no sample of) fails the test until fill or the
// samples know it.
package walk
