package fault

import (
	"net/http"

	"google.golang.org/grpc/codes"
)

// Kind says what a caller can do about an error. There is one row for each in the table below.
type Kind uint8

const (
	Internal        Kind = iota // our mistake: nothing the caller can do
	Malformed                   // cannot be parsed
	Invalid                     // parsed, but against the rules
	Unauthenticated             // no valid identity
	Forbidden                   // the identity lacks a role
	NotFound                    // absent, or somebody else's
	Conflict                    // the state does not allow it
	Precondition                // changed since the caller read it
	TooMany                     // over a limit: later
	Unavailable                 // something we need is away: later
	Timeout                     // not done in time: perhaps done
)

var kinds = [...]struct {
	name string
	http int
	grpc codes.Code
}{
	Internal:        {"internal", http.StatusInternalServerError, codes.Internal},
	Malformed:       {"malformed", http.StatusBadRequest, codes.InvalidArgument},
	Invalid:         {"invalid", http.StatusUnprocessableEntity, codes.InvalidArgument},
	Unauthenticated: {"unauthenticated", http.StatusUnauthorized, codes.Unauthenticated},
	Forbidden:       {"forbidden", http.StatusForbidden, codes.PermissionDenied},
	NotFound:        {"not_found", http.StatusNotFound, codes.NotFound},
	Conflict:        {"conflict", http.StatusConflict, codes.FailedPrecondition},
	Precondition:    {"precondition", http.StatusPreconditionFailed, codes.Aborted},
	TooMany:         {"too_many", http.StatusTooManyRequests, codes.ResourceExhausted},
	Unavailable:     {"unavailable", http.StatusServiceUnavailable, codes.Unavailable},
	Timeout:         {"timeout", http.StatusGatewayTimeout, codes.DeadlineExceeded},
}

// String is the kind's name in logs and in gRPC metadata.
func (k Kind) String() string { return kinds[k].name }

// HTTPStatus is the status of a reply about it.
func (k Kind) HTTPStatus() int { return kinds[k].http }

// GRPCCode is the code of a gRPC status about it. Several kinds share one; the name travels beside it.
func (k Kind) GRPCCode() codes.Code { return kinds[k].grpc }

// kindNamed finds a kind by its name.
func kindNamed(name string) (Kind, bool) {
	for k, row := range kinds {
		if row.name == name {
			return Kind(k), true
		}
	}
	return Internal, false
}

// kindOfGRPC is the kind that a status without our details means.
func kindOfGRPC(code codes.Code) Kind {
	switch code {
	case codes.InvalidArgument, codes.OutOfRange:
		return Invalid
	case codes.Unauthenticated:
		return Unauthenticated
	case codes.PermissionDenied:
		return Forbidden
	case codes.NotFound:
		return NotFound
	case codes.FailedPrecondition, codes.AlreadyExists:
		return Conflict
	case codes.Aborted:
		return Precondition
	case codes.ResourceExhausted:
		return TooMany
	case codes.Unavailable, codes.Canceled:
		return Unavailable
	case codes.DeadlineExceeded:
		return Timeout
	default:
		return Internal
	}
}
