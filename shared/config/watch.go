package config

import (
	"context"
	"reflect"
	"time"

	"github.com/rs/zerolog"
)

// retryWait is the pause after a failed read, and the least time between two.
const retryWait = time.Second

// Watch follows the service's keys in current's Consul until ctx ends, and calls apply with each new whole configuration
// that is valid and differs from the last. It returns at once when current names no Consul. It takes the defaults that Load
// was given. An invalid one is logged and the current one stays in force; what cannot change in a running process (ports,
// addresses) simply finds no reader in apply.
func Watch[T any](
	ctx context.Context, log zerolog.Logger, service string, current T, apply func(T), defaults ...map[string]any,
) error {
	consul := consulOf(current)
	if consul == "" {
		return nil
	}
	var index uint64
	away := false
	for {
		next, snap, err := reload[T](ctx, consul, service, index, defaults)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !away {
				log.Warn().Err(err).Msg("configuration in Consul cannot be read: the last one stays in force")
			}
			away = true
		default:
			away = false
			if !reflect.DeepEqual(next, current) {
				current = next
				log.Info().Msg("configuration changed in Consul")
				apply(next)
			}
		}
		index = snap.index
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryWait):
		}
	}
}

// reload waits for a change after index and builds the configuration from all layers. Its snapshot is valid even with an error from invalid
// keys, so that those are reported once and not in a loop.
func reload[T any](ctx context.Context, consul, service string, index uint64, defaults []map[string]any) (T, snapshot, error) {
	var none T
	b, err := newBase[T](service, checkoutFile(), defaults)
	if err != nil {
		return none, snapshot{}, err
	}
	snap, err := b.store(consul, service).read(ctx, index)
	if err != nil {
		return none, snapshot{}, err
	}
	next, err := build[T](b, snap.keys)
	return next, snap, err
}

// consulOf is the consul_url that a configuration holds: a process that was given another than its environment's keeps it.
func consulOf(cfg any) string {
	for _, field := range reflect.VisibleFields(reflect.TypeOf(cfg)) {
		if field.Tag.Get("mapstructure") == consulKey {
			return reflect.ValueOf(cfg).FieldByIndex(field.Index).String()
		}
	}
	return ""
}
