package web

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/fault"
)

// Problem is the body of every reply that is not a success (RFC 9457).
type Problem struct {
	Type    string         `json:"type" doc:"A URI that names the code" example:"urn:marketplace:problem:not_found"`
	Title   string         `json:"title" doc:"The status in words" example:"Not Found"`
	Status  int            `json:"status" example:"404"`
	Detail  string         `json:"detail" doc:"What went wrong, for people"`
	Code    string         `json:"code" doc:"What went wrong, for programs; stable" example:"not_found"`
	TraceID string         `json:"trace_id" format:"foreign-id" doc:"Quote it when asking for help"`
	Errors  []ErrorDetail  `json:"errors,omitempty" doc:"The parts of the request that are wrong"`
	Details map[string]any `json:"details,omitempty" doc:"Values that belong to the code"`

	retryAfter int // seconds
	cause      error
}

// ErrorDetail is one wrong part of a request.
type ErrorDetail struct {
	Location string `json:"location" doc:"Where" example:"body.items[0].quantity"`
	Message  string `json:"message" doc:"What is wrong there"`
}

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
)

// Error makes a problem an error, as huma wants it.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders is for huma.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

func newProblem(status int, code, detail string) *Problem {
	return &Problem{
		Type: "urn:marketplace:problem:" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail,
	}
}

// problemOf is the reply to an error, whatever it is.
func problemOf(ctx context.Context, err error) *Problem {
	f := fault.Of(err)
	p := newProblem(f.Kind.HTTPStatus(), f.Code, f.Message)
	p.TraceID, p.Details, p.cause = TraceID(ctx), f.Details, f
	p.retryAfter = int(math.Ceil(f.RetryAfter.Seconds()))
	for _, field := range f.Fields[:min(len(f.Fields), maxErrors)] {
		p.Errors = append(p.Errors, ErrorDetail{Location: field.Location, Message: field.Message})
	}
	return p
}

// plain are the problems that a request can have before a handler sees it: by status, a code and a text.
var plain = map[int][2]string{
	http.StatusBadRequest:            {"malformed", "The request cannot be parsed."},
	http.StatusNotFound:              {"route_not_found", "There is nothing at this address."},
	http.StatusMethodNotAllowed:      {"method_not_allowed", "This address does not know the method."},
	http.StatusNotAcceptable:         {"not_acceptable", "Only application/json is served here."},
	http.StatusRequestTimeout:        {"body_timeout", "The body took too long to arrive."},
	http.StatusRequestEntityTooLarge: {"body_too_large", "The body is too large."},
	http.StatusUnsupportedMediaType:  {"unsupported_media_type", "Send application/json."},
	http.StatusUnprocessableEntity:   {"invalid", "The request has invalid parts."},
	http.StatusInternalServerError:   {"internal_error", "Something went wrong on our side."},
}

// problemFor is the reply for a status that no fault stands behind.
func problemFor(status int) *Problem {
	text, ok := plain[status]
	if !ok {
		text = [2]string{"error", http.StatusText(status)}
	}
	return newProblem(status, text[0], text[1])
}
