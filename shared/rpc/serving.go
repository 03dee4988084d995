package rpc

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"marketplace/shared/fault"
)

const (
	healthPrefix     = "/grpc.health.v1.Health/"
	reflectionPrefix = "/grpc.reflection."
)

var errCaller = fault.New(fault.Forbidden, "caller_not_allowed", "This caller may not use this method.")

// notHealthServer keeps probes out of the traces.
func notHealthServer(info *stats.RPCTagInfo) bool {
	return !strings.HasPrefix(info.FullMethodName, healthPrefix)
}

var _ otelgrpc.Filter = notHealthServer

// reportErrors is the one place where a call's error becomes a status and, if the mistake is ours, a log line.
func (s *Server) reportErrors(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	reply, err := handle(ctx, request)
	if err == nil {
		return reply, nil
	}
	failure := fault.Of(err)
	switch {
	case failure.Kind == fault.Internal:
		s.log.Error().Ctx(ctx).Err(failure).Str("method", info.FullMethod).Msg("call failed")
	case fault.DataException(failure): // the caller hears that its request is invalid, and no check of ours has found it
		s.log.Warn().Ctx(ctx).Err(failure).Str("method", info.FullMethod).Msg("the database refused a value")
	}
	return nil, failure.GRPCStatus().Err()
}

// withDeadline bounds a call whose caller forgot to.
func (s *Server) withDeadline(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if _, ok := ctx.Deadline(); ok {
		return handle(ctx, request)
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.DefaultTimeout)
	defer cancel()
	return handle(ctx, request)
}

// allowCaller refuses a call from whom its method does not list.
func (s *Server) allowCaller(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if !s.allowed(ctx, info.FullMethod) {
		return nil, errCaller
	}
	return handle(ctx, request)
}

// allowStream is allowCaller for streams.
func (s *Server) allowStream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if !s.allowed(stream.Context(), info.FullMethod) {
		return errCaller
	}
	return handle(server, stream)
}

// allowed compares the name in the client's certificate with the method's list. Health is for everybody, as is reflection
// where it is on.
func (s *Server) allowed(ctx context.Context, method string) bool {
	if s.options.TLS == nil || strings.HasPrefix(method, healthPrefix) || strings.HasPrefix(method, reflectionPrefix) {
		return true
	}
	callers := s.options.Callers[method]
	return slices.ContainsFunc(certifiedNames(ctx), func(name string) bool { return slices.Contains(callers, name) })
}

// certifiedNames are the DNS names of the client's verified certificate.
func certifiedNames(ctx context.Context) []string {
	from, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := from.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return nil
	}
	return info.State.VerifiedChains[0][0].DNSNames
}

// recoverPanics turns a panic into an error, so that one bad call does not end the process.
func (s *Server) recoverPanics(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	defer func() {
		if value := recover(); value != nil {
			reply, err = nil, fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return handle(ctx, request)
}

// recoverStream is recoverPanics for streams: health watches and reflection.
func (s *Server) recoverStream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.log.Error().Ctx(stream.Context()).Str("method", info.FullMethod).Msgf("panic: %v\n%s", value, debug.Stack())
			err = fault.Of(fmt.Errorf("panic: %v", value)).GRPCStatus().Err()
		}
	}()
	return handle(server, stream)
}
