package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// What huma itself refuses is turned into a Problem here. Its details carry the submitted value, and some of its
// messages too: a password must not come back in a reply, so neither passes.

// newError replaces huma.NewError: huma calls it for what it refuses, and once per route for documentation.
func newError(status int, _ string, errs ...error) huma.StatusError {
	if status == http.StatusInternalServerError && len(errs) > 0 {
		// The one case is a body that broke off while it was read: not our mistake.
		status = http.StatusBadRequest
	}
	p := problemFor(status)
	if status == http.StatusUnprocessableEntity {
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				p.Errors = append(p.Errors, safeDetail(d.ErrorDetail()))
			}
		}
	}
	return p
}

func newErrorWithContext(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	err := newError(status, message, errs...)
	if p, ok := err.(*Problem); ok {
		p.TraceID = TraceID(contextOf(ctx))
	}
	return err
}

func contextOf(ctx huma.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx.Context()
}

func safeDetail(d *huma.ErrorDetail) ErrorDetail {
	safe := ErrorDetail{Location: d.Location, Message: d.Message}
	switch {
	case safe.Message == validation.MsgUnexpectedProperty:
		// The location ends with the field's name, which is the sender's text and may look like a path.
		safe.Location, _, _ = strings.Cut(safe.Location, ".")
		safe.Message = "has a field that is not known here"
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
