package web

import (
	"strconv"
	"strings"

	"marketplace/shared/fault"
)

var errVersion = fault.New(fault.Precondition, "version_mismatch", "It has changed since you read it: read it again.")

// ETag is the entity tag of a version.
func ETag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// MatchVersion checks an If-Match header (RFC 9110, 13.1.1) against the current version. No header matches anything; a
// weak tag matches nothing.
func MatchVersion(ifMatch string, version int) error {
	if ifMatch == "" || holdsTag(ifMatch, ETag(version), strong) {
		return nil
	}
	return errVersion
}

// strong and weak compare entity tags (RFC 9110, 8.8.3.2).
func strong(a, b string) bool { return a == b && !strings.HasPrefix(a, "W/") }
func weak(a, b string) bool   { return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/") }

// holdsTag says whether a list of entity tags, as If-Match and If-None-Match have it, holds the tag. "*" holds any. What stands behind
// a mistake in the list counts for nothing.
func holdsTag(list, tag string, same func(a, b string) bool) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	for {
		list = strings.TrimLeft(list, " \t,")
		end := tagEnd(list)
		if end < 0 {
			return false
		}
		if same(list[:end], tag) {
			return true
		}
		list = strings.TrimLeft(list[end:], " \t")
		if list != "" && list[0] != ',' {
			return false
		}
	}
}

// tagEnd is where the entity tag ends that a text begins with, -1 when it does not begin with one. A comma between the quotes is part of the tag.
func tagEnd(text string) int {
	open := 0
	if strings.HasPrefix(text, "W/") {
		open = 2
	}
	if len(text) <= open || text[open] != '"' {
		return -1
	}
	length := strings.IndexByte(text[open+1:], '"')
	if length < 0 {
		return -1
	}
	return open + 1 + length + 1
}
