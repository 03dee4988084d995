package web

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/fault"
	"marketplace/shared/ids"
)

const (
	formatID        = "uuid"
	formatForeignID = "foreign-id"
)

var (
	errNoID  = fault.New(fault.NotFound, "not_found", "There is no such thing.")
	errBadID = errors.New("is not an id")
)

// ID is a resource's id in a path, a query, a body or a cursor: a UUID in its one spelling (package ids). A handler whose input has
// an ID gets a valid one, or, where it may be left out, an empty one. Anything else in a path is 404, elsewhere 422.
type ID string

var _ huma.SchemaProvider = ID("")

// Schema is for huma.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: formatID, Pattern: ids.Pattern, PatternDescription: "an id as it was given out",
	}
}

// UnmarshalText accepts what Valid accepts, so that no JSON makes another ID, whoever decodes it.
func (id *ID) UnmarshalText(text []byte) error {
	if !ids.Valid(string(text)) {
		return errBadID
	}
	*id = ID(text)
	return nil
}

// ForeignID is an id that another system has given out, such as a payment method of the card processor's. It has that system's
// spelling; tags of the field may say more about it.
type ForeignID string

var _ huma.SchemaProvider = ForeignID("")

// Schema is for huma.
func (ForeignID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: formatForeignID}
}

// ParseID returns the id, or a fault that says not found: in a path a malformed id is as absent as an unknown one.
func ParseID(text string) (string, error) {
	if !ids.Valid(text) {
		return "", errNoID
	}
	return text, nil
}
