package fault

import (
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// domain is the ErrorInfo domain in which our codes are meant.
const domain = "marketplace"

// GRPCStatus makes grpc-go send the fault with its code, kind, fields and delay, but without its cause.
func (e *Error) GRPCStatus() *status.Status {
	s := status.New(e.Kind.GRPCCode(), e.Message)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: e.Code, Domain: domain, Metadata: map[string]string{"kind": e.Kind.String()},
	}}
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields {
			bad.FieldViolations = append(bad.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: f.Location, Description: f.Message})
		}
		details = append(details, bad)
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	full, err := s.WithDetails(details...)
	if err != nil {
		return s
	}
	return full
}

// FromGRPC is Of for the error of a call: the fault that the other side returned, with the call's error as its cause.
// A status that is not one of our faults keeps no message, since that text was meant for another reader.
func FromGRPC(err error) *Error { return Of(err) }

// fromStatus reads a fault from a gRPC status in err's chain.
func fromStatus(err error) (*Error, bool) {
	carrier, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err)
	if !ok {
		return nil, false
	}
	s := carrier.GRPCStatus()
	if s == nil || s.Code() == codes.OK {
		return nil, false
	}
	e := foreign(kindOfGRPC(s.Code()))
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() != domain {
				continue
			}
			e.Code, e.Message = d.GetReason(), s.Message()
			if kind, ok := kindNamed(d.GetMetadata()["kind"]); ok {
				e.Kind = kind
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				e.Fields = append(e.Fields, Field{Location: v.GetField(), Message: v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	return e.Wrap(err), true
}

// foreign is the fault for a status that says no more than its gRPC code.
func foreign(kind Kind) *Error {
	switch kind {
	case Internal:
		return New(kind, "internal_error", "Something went wrong on our side.")
	case Unavailable:
		return New(kind, "unavailable", "A part of the marketplace is not available right now.")
	case Timeout:
		return New(kind, "timeout", "The request took too long.")
	default:
		return New(kind, kind.String(), "The request was refused.")
	}
}
