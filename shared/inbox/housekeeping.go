package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"marketplace/shared/due"
)

const (
	measureEvery = 10 * time.Second
	cleanUpEvery = time.Hour
)

// The two halves of cleanUp, a chunk at a time. An inbox id is a UUIDv7 and begins with its time, so the primary key finds the
// old ones; received_at spares those that came late. Dead and waiting messages stay until somebody decides. $2 is where the chunk before
// ended: otherwise each would walk over what all those before it passed by, and under a long snapshot over what they deleted.
const (
	expiredInbox = `
		with gone as (delete from inbox where consumer = $1 and message_id in (
		  select message_id from inbox
		  where consumer = $1 and message_id > $2 and received_at < now() - interval '7 days'
		    and message_id < (lpad(to_hex(floor(extract(epoch from now() - interval '7 days') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
		  order by message_id limit 1000)
		returning message_id)
		select message_id::text from gone order by gone.message_id desc limit 1`
	expiredParked = `
		with gone as (delete from parked where consumer = $1 and message_id in (
		  select message_id from parked
		  where consumer = $1 and message_id > $2 and status in ('done', 'dropped') and parked_at < now() - interval '7 days'
		  order by message_id limit 1000)
		returning message_id)
		select message_id::text from gone order by gone.message_id desc limit 1`
)

// keepHouse counts what is parked and deletes what is 7 days old, from the start on. It does not wait for tries: messages
// that each use up all their time would keep the alerts blind for as long as they last.
func (c *Consumer) keepHouse(ctx context.Context) {
	measure, clean := time.NewTimer(measureEvery), time.NewTicker(cleanUpEvery)
	defer measure.Stop()
	defer clean.Stop()
	count := func() {
		began := time.Now()
		c.attempt(ctx, "parked messages not counted", c.measure)
		measure.Reset(due.Rest(time.Since(began), measureEvery))
	}
	count()
	c.attempt(ctx, "old messages not deleted", c.cleanUp)
	for {
		select {
		case <-ctx.Done():
			return
		case <-measure.C:
			count()
		case <-clean.C:
			c.attempt(ctx, "old messages not deleted", c.cleanUp)
		}
	}
}

func (c *Consumer) cleanUp(ctx context.Context) error {
	for _, statement := range []string{expiredInbox, expiredParked} {
		if err := c.deleteAll(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (c *Consumer) deleteAll(ctx context.Context, statement string) error {
	for after := uuid.Nil.String(); ; {
		last, err := c.deleteChunk(ctx, statement, after)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		after = last
	}
}

// deleteChunk returns the last id that it deleted, or pgx.ErrNoRows.
func (c *Consumer) deleteChunk(ctx context.Context, statement, after string) (last string, err error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	err = c.o.Pool.QueryRow(ctx, statement, c.o.Queue, after).Scan(&last)
	return last, err
}

// countParked counts from the two partial indexes: what is done is much more. 10,000 of a kind are enough to raise an alert.
const countParked = `
	select (select count(*) from (select from parked where consumer = $1 and status = 'waiting' limit 10000) w),
		(select count(*) from (select from parked where consumer = $1 and status = 'dead' limit 10000) d)`

func (c *Consumer) measure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var waiting, dead int64
	err := c.o.Pool.QueryRow(ctx, countParked, c.o.Queue).Scan(&waiting, &dead)
	if err != nil {
		return err
	}
	c.metrics.waiting.Set(float64(waiting))
	c.metrics.dead.Set(float64(dead))
	return nil
}

type metrics struct {
	handled, parked prometheus.Counter
	waiting, dead   prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, queue string) *metrics {
	label := prometheus.Labels{"queue": queue}
	m := &metrics{
		handled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "inbox_handled_total", Help: "Messages handled, duplicates included.", ConstLabels: label,
		}),
		parked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "inbox_parked_total", Help: "Messages put aside to be tried alone.", ConstLabels: label,
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "inbox_waiting", Help: "Parked messages that wait for a try; 10000 may be more.", ConstLabels: label,
		}),
		dead: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "inbox_dead", Help: "Parked messages that wait for somebody's decision; 10000 may be more.", ConstLabels: label,
		}),
	}
	registry.MustRegister(m.handled, m.parked, m.waiting, m.dead)
	return m
}
