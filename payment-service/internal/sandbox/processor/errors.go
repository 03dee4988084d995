package processor

import (
	"fmt"
	"net/http"
)

// Error is a refusal in Stripe's terms. It becomes the reply's status and its error object.
type Error struct {
	Status      int // of HTTP
	Type        string
	Code        string
	DeclineCode string
	Message     string
	Param       string
	Intent      *Intent // the intent that the refusal is about
	// Executed tells whether execution had begun: then the refusal is kept under the request's idempotency key.
	Executed bool
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Type, e.Code, e.Message) }

// The types of an error object.
const (
	TypeAPI            = "api_error"
	TypeCard           = "card_error"
	TypeIdempotency    = "idempotency_error"
	TypeInvalidRequest = "invalid_request_error"
)

// Invalid refuses a request whose parameter is wrong, before anything is executed.
func Invalid(param, code, format string, args ...any) *Error {
	return &Error{
		Status: http.StatusBadRequest, Type: TypeInvalidRequest, Code: code, Param: param,
		Message: fmt.Sprintf(format, args...),
	}
}

// Missing refuses a request about an object that does not exist; status is 404 for the path's and 400 for a parameter's.
func Missing(status int, param, kind, id string) *Error {
	return &Error{
		Status: status, Type: TypeInvalidRequest, Code: "resource_missing", Param: param,
		Message: fmt.Sprintf("No such %s: '%s'", kind, id),
	}
}

// refused is a well-formed request that the state does not allow.
func refused(in *Intent, param, code, format string, args ...any) *Error {
	e := Invalid(param, code, format, args...)
	e.Intent, e.Executed = in, true
	return e
}

// cardError is a card's refusal, with the intent that it left behind.
func cardError(in Intent, f Failure) *Error {
	return &Error{
		Status: http.StatusPaymentRequired, Type: TypeCard, Code: f.Code, DeclineCode: f.DeclineCode,
		Message: f.Message, Intent: &in, Executed: true,
	}
}
