// Package ids knows the one spelling of a resource's id: a UUID in lower case, 8-4-4-4-12 hexadecimal digits with dashes.
//
// RFC 9562 also allows capitals, and libraries take braces, "urn:uuid:" and a form without dashes. None of them is an id here: with two
// spellings, one resource has two addresses, two cache entries and two keys in a map.
package ids

// Length is how many characters an id has.
const Length = 36

// Pattern is the spelling as a regular expression, for schemas.
const Pattern = `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`

// Valid says whether text is an id. Whether anything has that id is another question.
func Valid(text string) bool {
	if len(text) != Length {
		return false
	}
	for i := range Length {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
