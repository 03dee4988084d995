package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"marketplace/shared/fault"
)

var errSoldOut = fault.New(fault.Conflict, "sold_out", "The product is sold out.")

func TestError_CopiesAndMatchesByCode(t *testing.T) {
	cause := errors.New("boom")
	decorated := errSoldOut.Wrap(cause).WithField("body.id", "is gone").WithRetryAfter(time.Second).WithDetail("left", 0)

	require.ErrorIs(t, fmt.Errorf("placing: %w", decorated), errSoldOut)
	require.ErrorIs(t, decorated, cause)
	require.Equal(t, "sold_out: The product is sold out.: boom", decorated.Error())
	require.NotErrorIs(t, decorated, fault.New(fault.Conflict, "other", ""))
	require.Empty(t, errSoldOut.Fields)
	require.Empty(t, errSoldOut.Details)
	require.Zero(t, errSoldOut.RetryAfter)

	one := errSoldOut.WithField("a", "x")
	two, three := one.WithField("b", "x"), one.WithField("c", "x")
	require.Equal(t, "b", two.Fields[1].Location)
	require.Equal(t, "c", three.Fields[1].Location)
}

func TestOf_AnyErrorHasAKind(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind fault.Kind
		code string
	}{
		{errSoldOut, fault.Conflict, "sold_out"},
		{fmt.Errorf("placing: %w", errSoldOut), fault.Conflict, "sold_out"},
		{errors.New("secret inside"), fault.Internal, "internal_error"},
		{context.DeadlineExceeded, fault.Timeout, "timeout"},
		{context.Canceled, fault.Unavailable, "cancelled"},
		{status.Error(codes.Unavailable, "10.0.0.1 refused"), fault.Unavailable, "unavailable"},
		{status.Error(codes.NotFound, "row 17"), fault.NotFound, "not_found"},
		{status.Error(codes.Unknown, "panic"), fault.Internal, "internal_error"},
	} {
		got := fault.Of(c.err)
		require.Equal(t, c.kind, got.Kind, c.err)
		require.Equal(t, c.code, got.Code, c.err)
		require.ErrorIs(t, got, c.err)
		if !errors.Is(c.err, errSoldOut) {
			require.NotContains(t, got.Message, c.err.Error())
		}
	}
	require.Nil(t, fault.Of(nil))
	require.Contains(t, fault.Of(fmt.Errorf("placing: %w", errSoldOut)).Error(), "placing")
}

func TestGRPC_AFaultSurvivesTheHop(t *testing.T) {
	for kind := fault.Internal; kind <= fault.Timeout; kind++ {
		sent := fault.New(kind, "some_code", "For people.").
			WithField("items[0]", "is wrong").WithRetryAfter(3 * time.Second).Wrap(errors.New("secret"))
		st := status.Convert(sent)
		require.Equal(t, kind.GRPCCode(), st.Code())
		require.NotContains(t, st.String(), "secret")

		got := fault.FromGRPC(fmt.Errorf("calling: %w", st.Err()))
		require.Equal(t, kind, got.Kind)
		require.ErrorIs(t, got, sent)
		require.Equal(t, sent.Message, got.Message)
		require.Equal(t, sent.Fields, got.Fields)
		require.Equal(t, sent.RetryAfter, got.RetryAfter)
	}
}

type sqlError string

func (e sqlError) Error() string    { return string(e) }
func (e sqlError) SQLState() string { return string(e) }

func TestDataException_IsOneWhateverStandsAroundIt(t *testing.T) {
	require.True(t, fault.DataException(fmt.Errorf("doing: %w", errSoldOut.Wrap(sqlError("22003")))))
	for _, err := range []error{nil, errSoldOut, sqlError("23505"), errors.New("22003")} {
		require.False(t, fault.DataException(err))
	}
}

func TestTransient(t *testing.T) {
	for _, err := range []error{
		fault.New(fault.Unavailable, "a", ""), fault.New(fault.Timeout, "a", ""), fault.New(fault.TooMany, "a", ""),
		sqlError("40P01"), sqlError("40001"), sqlError("57014"), sqlError("57P01"), sqlError("08006"), sqlError("53300"),
		status.Error(codes.Unavailable, ""), context.DeadlineExceeded, syscall.ECONNRESET,
	} {
		require.True(t, fault.Transient(fmt.Errorf("doing: %w", err)), err.Error())
	}
	for _, err := range []error{
		errSoldOut, sqlError("23505"), sqlError("22001"), sqlError("42P01"), errors.New("a bug"), io.ErrUnexpectedEOF,
		status.Error(codes.InvalidArgument, ""), fault.New(fault.Internal, "a", ""),
	} {
		require.False(t, fault.Transient(err), err.Error())
	}
	require.False(t, fault.Transient(nil))
}
