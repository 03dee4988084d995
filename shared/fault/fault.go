package fault

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Error is a fault. It is immutable: the With methods and Wrap return copies, so a package variable is safe to build on.
type Error struct {
	Kind       Kind
	Code       string // stable, snake_case, documented
	Message    string // for people; says nothing about our inside and repeats nothing that was submitted
	Fields     []Field
	RetryAfter time.Duration
	Details    map[string]any // values that a program may want beside the code; must encode as JSON
	cause      error
}

// Field says what is wrong with one part of the input.
type Field struct {
	Location string // a path such as "body.items[0].quantity"
	Message  string
}

// New returns a fault without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Error is for logs: the code, the message and the cause.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Message
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is compares by code, so that a wrapped or decorated copy matches its original.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// Wrap returns a copy with the cause, which is logged and never shown.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithField returns a copy that also names a wrong part of the input.
func (e *Error) WithField(location, message string) *Error {
	c := *e
	c.Fields = append(slices.Clip(c.Fields), Field{Location: location, Message: message})
	return &c
}

// WithRetryAfter returns a copy that says when to try again. It is sent in whole seconds, rounded up.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// WithDetail returns a copy with one more value for programs. Details do not cross gRPC.
func (e *Error) WithDetail(key string, value any) *Error {
	c := *e
	c.Details = maps.Clone(e.Details)
	if c.Details == nil {
		c.Details = make(map[string]any, 1)
	}
	c.Details[key] = value
	return &c
}

// Of returns the fault in err's chain, or makes one: a deadline is Timeout, a cancelled context Unavailable, a gRPC
// status what it says, anything else Internal. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.under(err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return New(Timeout, "timeout", "The request took too long.").Wrap(err)
	case errors.Is(err, context.Canceled):
		return New(Unavailable, "cancelled", "The request was cancelled.").Wrap(err)
	}
	if e, ok := fromStatus(err); ok {
		return e
	}
	return New(Internal, "internal_error", "Something went wrong on our side.").Wrap(err)
}

// under keeps what was said around the fault ("reading the order: ...") as its cause, so that the log shows it.
func (e *Error) under(err error) *Error {
	if err == error(e) { //nolint:errorlint // the question is whether anything is around it
		return e
	}
	return e.Wrap(err)
}
