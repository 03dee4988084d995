package client_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/fault"
	"marketplace/warehouse-service/internal/client"
)

// connection answers GetProducts without a network, so that a test can hold the clock.
type connection struct {
	calls atomic.Int64
	away  atomic.Bool
	delay time.Duration
}

// lamp is the only product there is.
const lamp = "lamp"

func (c *connection) Invoke(ctx context.Context, _ string, request, reply any, _ ...grpc.CallOption) error {
	c.calls.Add(1)
	select {
	case <-time.After(c.delay):
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
	if c.away.Load() {
		return status.Error(codes.Unavailable, "away")
	}
	in, out := request.(*productv1.GetProductsRequest), reply.(*productv1.GetProductsResponse)
	for _, id := range in.GetIds() {
		if id == lamp {
			out.Products = append(out.Products, &productv1.Product{Id: id})
		}
	}
	return nil
}

func (c *connection) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unimplemented, "no streams")
}

func TestKnown_OneCallForAllWhoAskAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connection{delay: time.Second}
		known := client.NewKnown(client.NewCatalogue(c))
		var asking sync.WaitGroup
		for i := range 100 {
			asking.Go(func() {
				product := []string{lamp, "none"}[i%2]
				got, err := known.Known(t.Context(), product)
				require.NoError(t, err)
				require.Equal(t, product == lamp, got)
			})
		}
		synctest.Wait() // all have asked, and the clock stands still
		require.EqualValues(t, 2, c.calls.Load(), "one for each product")
		asking.Wait()
		require.EqualValues(t, 2, c.calls.Load())
	})
}

func TestKnown_MadeUpIDsAreAskedAFewAtATimeAndRefusedBeyondThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connection{delay: 900 * time.Millisecond}
		known := client.NewKnown(client.NewCatalogue(c))
		begin := time.Now()
		var asking sync.WaitGroup
		var answered, atOnce, late atomic.Int64
		for i := range 1000 {
			asking.Go(func() {
				_, err := known.Known(t.Context(), "made up "+strconv.Itoa(i))
				switch {
				case err == nil:
					answered.Add(1)
					return
				case time.Since(begin) == 0:
					atOnce.Add(1)
				default:
					require.Equal(t, 2*time.Second, time.Since(begin))
					late.Add(1)
				}
				require.Contains(t, []string{"catalogue_busy", "catalogue_unavailable"}, fault.Of(err).Code)
			})
		}
		synctest.Wait() // all have asked, and the clock stands still
		require.EqualValues(t, 4, c.calls.Load())
		require.EqualValues(t, 1000-132, atOnce.Load())
		asking.Wait()
		require.EqualValues(t, 8, answered.Load(), "four at a time, twice in two seconds")
		require.EqualValues(t, 132-8, late.Load())

		got, err := known.Known(t.Context(), lamp)
		require.NoError(t, err)
		require.True(t, got)
	})
}

func TestKnown_BothAnswersAreRememberedForAShortTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connection{}
		known := client.NewKnown(client.NewCatalogue(c))
		ask := func() {
			for _, product := range []string{lamp, "none"} {
				got, err := known.Known(t.Context(), product)
				require.NoError(t, err)
				require.Equal(t, product == lamp, got)
			}
		}
		for range 3 {
			ask()
		}
		require.EqualValues(t, 2, c.calls.Load())
		<-time.After(10 * time.Second)
		ask()
		require.EqualValues(t, 4, c.calls.Load())
	})
}

func TestKnown_AFailureIsNotRememberedAndHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connection{}
		known := client.NewKnown(client.NewCatalogue(c))
		c.away.Store(true)
		_, err := known.Known(t.Context(), lamp)
		require.Equal(t, "catalogue_unavailable", fault.Of(err).Code)
		c.away.Store(false)
		got, err := known.Known(t.Context(), lamp)
		require.NoError(t, err)
		require.True(t, got)

		c.delay = time.Hour
		begin := time.Now()
		_, err = known.Known(t.Context(), "other")
		require.Equal(t, "catalogue_unavailable", fault.Of(err).Code)
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func TestKnown_WhoLeavesDoesNotEndTheCallForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connection{delay: time.Second}
		known := client.NewKnown(client.NewCatalogue(c))
		leaving, leave := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			_, err := known.Known(leaving, lamp)
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		asking.Go(func() {
			got, err := known.Known(t.Context(), lamp)
			require.NoError(t, err)
			require.True(t, got)
		})
		synctest.Wait()
		leave()
		asking.Wait()
		require.EqualValues(t, 1, c.calls.Load())
	})
}

func TestKnown_ManyProductsKeepNoMoreThanTheBound(t *testing.T) {
	c := &connection{}
	known := client.NewKnown(client.NewCatalogue(c))
	const bound = 10_000
	ask := func(i int) {
		_, err := known.Known(t.Context(), strconv.Itoa(i))
		require.NoError(t, err)
	}
	for i := range bound + 1 {
		ask(i)
	}
	before := c.calls.Load()
	ask(bound)
	require.Equal(t, before, c.calls.Load(), "the newest is remembered")
	ask(0)
	require.Equal(t, before+1, c.calls.Load(), "the oldest had to go")
}
