package app_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/config"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/testkit"
)

// order tries to place an order from an address.
func (p *person) order(items, address string) reply {
	p.shop.t.Helper()
	return p.call(http.MethodPost, orders, body(items), "Idempotency-Key", key(), "X-Forwarded-For", address)
}

// limited wants a refusal by a limit, and returns for how long.
func limited(t *testing.T, r reply, code string) time.Duration {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, r.Status, r.Body)
	require.Equal(t, code, r.problem(t).Code)
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	require.NoError(t, err, "without Retry-After")
	require.Positive(t, seconds)
	return time.Duration(seconds) * time.Second
}

// atOnce places so many orders at the same time and returns the replies by their status.
func (p *person) atOnce(n int, items string) map[int][]reply {
	var mu sync.Mutex
	var wg sync.WaitGroup
	replies, start := map[int][]reply{}, make(chan struct{})
	for range n {
		wg.Go(func() {
			<-start
			r, err := p.try(http.MethodPost, orders, body(items), "Idempotency-Key", key())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				p.shop.t.Error(err)
			}
			replies[r.Status] = append(replies[r.Status], r)
		})
	}
	close(start)
	wg.Wait()
	return replies
}

const home, elsewhere = "203.0.113.7", "198.51.100.9"

func TestLimits_P60_FiftyOrdersAtOnceLeaveAsManyOpenAsTheLimitAllows(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.OpenOrders = 5 })
	others, p, one := s.newPeers(), s.customer(), item(s.catalogue.lamp(), 1)
	k := key()
	first := p.call(http.MethodPost, orders, body(one), "Idempotency-Key", k)
	placed := first.order(t)

	replies := p.atOnce(50, one)
	require.Len(t, replies[http.StatusCreated], 4, "and the first")
	require.Len(t, replies[http.StatusTooManyRequests], 46)
	for _, r := range replies[http.StatusTooManyRequests] {
		require.LessOrEqual(t, limited(t, r, "too_many_open_orders"), time.Minute)
	}
	require.Equal(t, 5, s.count("select count(*) from orders where customer_id = $1", p.id))
	require.Equal(t, 5, s.count("select count(*) from outbox"), "nobody hears of an order that was refused")

	again := p.call(http.MethodPost, orders, body(one), "Idempotency-Key", k)
	require.Equal(t, http.StatusCreated, again.Status)
	require.Equal(t, first.Body, again.Body, "a repetition is answered before limits")
	s.customer().place(one) // others are not concerned

	paid, cancelled, short := placed, replies[http.StatusCreated][0].order(t), replies[http.StatusCreated][1].order(t)
	others.say(reserved(t, paid.ID))
	p.await(paid.ID, "reserved")
	limited(t, p.order(one, home), "too_many_open_orders")
	others.say(captured(t, paid), rejected(t, short.ID, short.Items[0].ProductID))
	p.await(paid.ID, "confirmed")
	p.await(short.ID, "cancelled")
	p.cancel(cancelled.ID)
	require.Len(t, p.atOnce(20, one)[http.StatusCreated], 3, "as many as have ended")
}

func TestLimits_P60_UnitsOfOpenOrdersAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.OpenUnits = 10 })
	lamp := s.catalogue.lamp()
	p := s.customer()
	r := p.order(item(lamp, 6)+","+item(lamp, 5), home)
	require.Equal(t, http.StatusUnprocessableEntity, r.Status, "waiting would not help")
	require.Equal(t, "too_many_units", r.problem(t).Code)
	require.Contains(t, r.Body, `"limit":10`)
	s.nothingHappened()

	six := p.place(item(lamp, 6))
	limited(t, p.order(item(lamp, 5), home), "too_many_open_units")
	p.place(item(lamp, 4))
	limited(t, p.order(item(lamp, 1), home), "too_many_open_units")
	p.cancel(six.ID)
	replies := p.atOnce(30, item(lamp, 2))
	require.Len(t, replies[http.StatusCreated], 3)
	require.Equal(t, 10, s.count(`select sum(quantity) from order_items join orders on id = order_id where status = 'pending'`))
}

func TestLimits_P60_AnOrderWhoseTimeIsOverCountsNoMore(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.OpenOrders = 1 })
	p, one := s.customer(), item(s.catalogue.lamp(), 1)
	o := p.place(one)
	limited(t, p.order(one, home), "too_many_open_orders")
	s.expire()
	require.Equal(t, "timed_out", p.await(o.ID, "cancelled").CancelReason.Code)
	p.place(one)
	require.Zero(t, s.count("select count(*) from declines"), "a deadline is nobody's decline")
}

// expire lets the time of all orders be over.
func (s *shop) expire() {
	s.t.Helper()
	s.exec("update orders set deadline_at = now()")
}

// exec changes the database behind the service's back. The service's clock is the database's, so a test that needs time to pass
// moves the times that are stored, and waits for nothing.
func (s *shop) exec(statement string, args ...any) {
	s.t.Helper()
	_, err := s.db.Pool.Exec(s.t.Context(), statement, args...)
	require.NoError(s.t, err)
}

// later lets a time pass for all declines.
func (s *shop) later(by time.Duration) {
	s.t.Helper()
	s.exec("update declines set declined_at = declined_at - $1::interval", by)
}

func (p *person) cancel(orderID string) {
	p.shop.t.Helper()
	r := p.call(http.MethodPost, orders+"/"+orderID+"/cancel", "{}")
	require.Equal(p.shop.t, http.StatusOK, r.Status, r.Body)
}

// fails says that a payment failed with this code, and waits until the order has ended.
func (p *person) fails(others *peers, orderID, code string) {
	p.shop.t.Helper()
	others.say(envelope(p.shop.t, "payment-service", events.PaymentFailed, orderID, &eventsv1.PaymentFailed{
		OrderId: orderID, PaymentId: orderID, Code: code, Message: "No.",
	}))
	p.await(orderID, "cancelled")
}

func TestLimits_P60_ACustomerWhoseCardsAreDeclinedIsStopped(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.Declines = 3 })
	others, thief, one := s.newPeers(), s.customer(), item(s.catalogue.lamp(), 1)
	tried := 0
	for n := range 200 {
		r := thief.order(one, fmt.Sprintf("198.51.100.%d", n)) // wherever from
		if r.Status == http.StatusCreated {
			tried++
			thief.fails(others, r.order(t).ID, "stolen_card")
			continue
		}
		require.LessOrEqual(t, limited(t, r, "too_many_declines"), 24*time.Hour)
	}
	require.Equal(t, 3, tried)
	require.Equal(t, http.StatusCreated, s.customer().order(one, "198.51.100.1").Status, "at the same address")
}

func TestLimits_P60_AnAddressWhereCardsAreDeclinedIsStopped(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.DeclinesPerAddress = 3 })
	others, one := s.newPeers(), item(s.catalogue.lamp(), 1)
	tried := 0
	for n := range 200 {
		thief := s.customer()
		r := thief.order(one, fmt.Sprintf("2001:db8:1:2::%x", n)) // a household has all of these
		if r.Status == http.StatusCreated {
			tried++
			thief.fails(others, r.order(t).ID, "lost_card")
			continue
		}
		require.LessOrEqual(t, limited(t, r, "too_many_declines"), 15*time.Minute)
	}
	require.Equal(t, 3, tried)
	p := s.customer()
	limited(t, p.order(one, "2001:db8:1:2::1"), "too_many_declines")
	require.Equal(t, http.StatusCreated, p.order(one, "2001:db8:1:3::1").Status, "a neighbour")
	require.Equal(t, http.StatusCreated, p.order(one, elsewhere).Status)
}

func TestLimits_P60_P34_AForgedAddressDoesNotHelp(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.DeclinesPerAddress, c.TrustedProxies = 1, nil })
	others, p, one := s.newPeers(), s.customer(), item(s.catalogue.lamp(), 1)
	p.fails(others, p.order(one, home).order(t).ID, "stolen_card")
	limited(t, p.order(one, elsewhere), "too_many_declines")
	require.Equal(t, 1, s.count("select count(*) from declines where network = '127.0.0.1'"))
}

func TestLimits_P60_OnlyWhatTheShopperCausesCountsAndOnlyForAWhile(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.Declines = 1 })
	others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()
	for _, trouble := range []string{"processing_error", "currency_unsupported", "canceled"} {
		p.fails(others, p.order(item(lamp, 1), home).order(t).ID, trouble)
	}
	o := p.order(item(lamp, 1), home).order(t)
	others.say(rejected(t, o.ID, lamp))
	p.await(o.ID, "cancelled")
	o = p.order(item(lamp, 1), home).order(t)
	require.Equal(t, 1, s.count("select count(*) from orders where client_network = $1", home), "those that have ended forgot it")

	k := key()
	r := p.call(http.MethodPost, orders, body(item(lamp, 2)), "Idempotency-Key", k, "X-Forwarded-For", home)
	p.fails(others, r.order(t).ID, "authentication_timeout")
	require.LessOrEqual(t, limited(t, p.order(item(lamp, 1), home), "too_many_declines"), 24*time.Hour)
	require.Equal(t, r.Body, p.call(http.MethodPost, orders, body(item(lamp, 2)), "Idempotency-Key", k).Body, "a repetition is answered")
	s.later(23 * time.Hour)
	require.LessOrEqual(t, limited(t, p.order(item(lamp, 1), home), "too_many_declines"), time.Hour)
	s.later(time.Hour)
	require.Equal(t, http.StatusCreated, p.order(item(lamp, 1), home).Status)
}

// A card is tried as soon as stock is reserved. Who cancels before the answer is heard has tried it all the same.
func TestLimits_P60_OrderingAndCancellingIsStopped(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.Declines = 3 })
	others, thief, one := s.newPeers(), s.customer(), item(s.catalogue.lamp(), 1)
	for n := range 3 {
		o := thief.order(one, home).order(t)
		others.say(reserved(t, o.ID))
		thief.await(o.ID, "reserved")
		thief.cancel(o.ID)
		thief.cancel(o.ID)
		others.say(declined(t, o.ID))
		testkit.Eventually(t, within, func() bool { return s.count("select count(*) from inbox") == 2*(n+1) })
		require.Equal(t, n+1, s.count("select count(*) from declines"), "what the charge answers later counts no more")
	}
	limited(t, thief.order(one, home), "too_many_declines")
}

// A card that asks for an authentication that never comes holds stock for five minutes, each time.
func TestLimits_P60_StockIsNotHeldAgainAndAgain(t *testing.T) {
	t.Parallel()
	const attempts, each = 20, 5 * time.Minute // the defaults, and payment-service's
	s := open(t, func(c *config.Config) { c.Declines = attempts })
	others, p, fifty := s.newPeers(), s.customer(), item(s.catalogue.lamp(), 50)
	for range attempts {
		o := p.order(fifty, home).order(t)
		others.say(reserved(t, o.ID))
		s.later(each)
		p.fails(others, o.ID, "authentication_timeout")
	}
	s.later(24*time.Hour - attempts*each)
	limited(t, p.order(fifty, home), "too_many_declines")
	s.later(each)
	require.Equal(t, http.StatusCreated, p.order(fifty, home).Status, "the first counts no more")
}

func TestLimits_P60_SupportAndPaidOrdersCountNothing(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.Declines = 1 })
	others, p, one := s.newPeers(), s.customer(), item(s.catalogue.lamp(), 1)
	s.customer("support").cancel(p.order(one, home).order(t).ID)

	paid := p.order(one, home).order(t)
	others.say(captured(t, paid))
	p.await(paid.ID, "confirmed")
	p.cancel(paid.ID)
	others.say(shipmentCancelled(t, paid.ID))
	p.await(paid.ID, "cancelled")
	require.Equal(t, http.StatusCreated, p.order(one, home).Status)
	require.Zero(t, s.count("select count(*) from declines"))
}

func TestLimits_P60_OldDeclinesAreDeleted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.exec(`insert into declines select gen_random_uuid(), gen_random_uuid(), '192.0.2.1',
		now() - n * interval '1 hour' from generate_series(1, 3023) n`)
	s.run()
	testkit.Eventually(t, within, func() bool { return s.count("select count(*) from declines") <= 23 })
	require.Positive(t, s.count("select count(*) from declines"), "those that count")
}
