package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"marketplace/shared/strictjson"
)

// What huma itself refuses is turned into a Problem here. Its details carry the submitted value, and some of its
// messages too: a password must not come back in a reply, so neither passes.

// maxErrors is how many errors a problem lists: the first are enough to mend a request, and no reply grows with its request.
const maxErrors = strictjson.MaxRefusals

// newError replaces huma.NewError: huma calls it for what it refuses, and once per route for documentation.
func newError(status int, _ string, errs ...error) huma.StatusError {
	if status == http.StatusInternalServerError && len(errs) > 0 {
		// The one case is a body that broke off while it was read: not our mistake.
		status = http.StatusBadRequest
	}
	p := problemFor(status)
	if status == http.StatusUnprocessableEntity {
		for _, err := range errs[:min(len(errs), maxErrors)] {
			if d, ok := err.(huma.ErrorDetailer); ok {
				p.Errors = append(p.Errors, safeDetail(d.ErrorDetail()))
			}
		}
	}
	return p
}

func newErrorWithContext(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	err := newError(status, message, errs...)
	if p, ok := err.(*Problem); ok && ctx != nil {
		p.TraceID = TraceID(ctx.Context())
		for i := range p.Errors {
			p.Errors[i].Location = known(ctx.Operation(), p.Errors[i].Location)
		}
	}
	return err
}

// known cuts a location in the body before a name that no schema has: the key of a map, which is the sender's text.
func known(op *huma.Operation, location string) string {
	schemas, ok := op.Metadata[schemasKey].(huma.Registry)
	steps := strings.Split(location, ".")
	if !ok || op.RequestBody == nil || steps[0] != "body" {
		return location
	}
	media := op.RequestBody.Content["application/json"]
	if media == nil {
		return location
	}
	at := media.Schema
	for i, step := range steps[1:] {
		if at = within(schemas, at, step); at == nil {
			return strings.Join(steps[:i+1], ".")
		}
	}
	return location
}

// within is the schema of a step of a location, such as items[0]; nil when the schema around it does not name it.
func within(schemas huma.Registry, around *huma.Schema, step string) *huma.Schema {
	if around != nil && around.Ref != "" {
		around = schemas.SchemaFromRef(around.Ref)
	}
	if around == nil {
		return nil
	}
	name, _, _ := strings.Cut(step, "[")
	at := around.Properties[name]
	for range strings.Count(step, "[") {
		if at == nil {
			return nil
		}
		at = at.Items
	}
	return at
}

func safeDetail(d *huma.ErrorDetail) ErrorDetail {
	safe := ErrorDetail{Location: d.Location, Message: d.Message}
	switch {
	case safe.Message == validation.MsgUnexpectedProperty:
		// The location ends with the field's name, which is the sender's text and may look like a path.
		safe.Location, _, _ = strings.Cut(safe.Location, ".")
		safe.Message = strictjson.MsgUnknown
	case safe.Location == "body" && strings.HasPrefix(safe.Message, "json:"):
		safe.Message = "a value does not fit its field" // encoding/json's text names Go types and repeats numbers
	case strings.HasPrefix(safe.Message, "invalid value: "):
		safe.Message = "invalid value"
	}
	return safe
}

// withoutInput replaces huma.ErrorFormatter: an error as argument is a parser's, and quotes its input.
func withoutInput(format string, args ...any) string {
	if len(args) == 1 {
		if _, quotes := args[0].(error); quotes {
			return strings.TrimSuffix(format, ": %v")
		}
	}
	return fmt.Sprintf(format, args...)
}
