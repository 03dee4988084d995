package web

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"marketplace/shared/fault"
)

var (
	errVersion = fault.New(fault.Precondition, "version_mismatch", "It has changed since you read it: read it again.")
	errNoID    = fault.New(fault.NotFound, "not_found", "There is no such thing.")
)

// ETag is the entity tag of a version.
func ETag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// MatchVersion checks an If-Match header (RFC 9110, 13.1.1) against the current version. No header matches anything; a
// weak tag matches nothing.
func MatchVersion(ifMatch string, version int) error {
	if ifMatch == "" || ifMatch == "*" {
		return nil
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if strings.TrimSpace(tag) == ETag(version) {
			return nil
		}
	}
	return errVersion
}

// ParseID returns the id in its canonical form. In a path a malformed id is as absent as an unknown one: 404.
func ParseID(s string) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 { // Parse also takes URN and braces
		return "", errNoID
	}
	return id.String(), nil
}
