package config

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/rs/zerolog"
)

// retryWait is the pause after a failed read, and the least time between two.
const retryWait = time.Second

// Watch follows the service's keys in Consul until ctx ends and keeps current up to date: what may change while the process runs
// takes effect, and changed is called after it. A key whose setting needs a restart is refused with a line in
// the log. Settings that are invalid as a whole change nothing. Watch returns at once when current names no Consul. It takes the
// defaults that Load was given.
func Watch[C Settings](
	ctx context.Context, log zerolog.Logger, service string, current *Current[C], changed func(*C), defaults ...map[string]any,
) error {
	w := watcher[C]{
		log: log, service: service, current: current, changed: changed, refused: map[string]any{}, overruled: map[string]any{},
	}
	consul := consulOf(*current.settings.Load())
	if consul == "" {
		return nil
	}
	var index uint64
	for {
		next, snap, err := reload[C](ctx, consul, service, index, defaults)
		if ctx.Err() != nil {
			return nil
		}
		w.take(next, snap, err)
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
func reload[C Settings](ctx context.Context, consul, service string, index uint64, defaults []map[string]any) (C, snapshot, error) {
	var none C
	b, err := newBase[C](service, checkoutFile(), defaults)
	if err != nil {
		return none, snapshot{}, err
	}
	snap, err := b.store(consul, service).read(ctx, index)
	if err != nil {
		return none, snapshot{}, err
	}
	next, err := build[C](b, snap.keys)
	return next, snap, err
}

// watcher decides what of the settings in Consul takes effect. It belongs to Watch's goroutine.
type watcher[C Settings] struct {
	log     zerolog.Logger
	service string
	current *Current[C]
	changed func(*C)

	away    bool           // the last read failed
	invalid string         // why the settings of the last read were refused as a whole; "" when they were not
	refused map[string]any // by key: the values that need a restart and were reported

	overruled map[string]any // by key: the values that the environment overrules and that were reported
}

// take puts what a read brought in force, or says why not, once for each reason.
func (w *watcher[C]) take(next C, snap snapshot, err error) {
	if err != nil && snap.keys == nil {
		if !w.away {
			w.log.Warn().Err(err).Msg("settings in Consul cannot be read: those in force stay")
		}
		w.away = true
		return
	}
	w.away = false
	w.overrule(snap.keys)
	if err == nil {
		err = w.apply(next)
	}
	if err == nil {
		w.invalid = ""
		return
	}
	if err.Error() != w.invalid {
		w.invalid = err.Error()
		w.log.Warn().Err(err).Msg("settings in Consul are invalid: those in force stay")
	}
}

// change is a setting that gets another value.
type change struct {
	setting
	from, to any
}

// apply puts those settings in force that may change, unless they are invalid together with what the process keeps.
func (w *watcher[C]) apply(next C) error {
	running := w.current.settings.Load()
	merged := *running
	var changes []change
	for _, s := range settingsOf(reflect.TypeFor[C](), false) {
		to := s.of(reflect.ValueOf(next))
		c := change{s, s.of(reflect.ValueOf(*running)).Interface(), to.Interface()}
		switch {
		case reflect.DeepEqual(c.from, c.to):
			delete(w.refused, s.key)
		case s.live:
			s.of(reflect.ValueOf(&merged).Elem()).Set(to)
			changes = append(changes, c)
		default:
			w.refuse(c)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := merged.Validate(); err != nil {
		return fmt.Errorf("with the settings that need a restart as they are: %w", err)
	}
	w.current.settings.Store(&merged)
	for _, c := range changes { // before one of them turns the log down
		w.log.Info().Str("key", c.key).Str("from", fmt.Sprint(c.from)).Str("to", fmt.Sprint(c.to)).Msg("a setting has changed")
	}
	w.changed(&merged)
	return nil
}

// refuse reports a change that this process cannot make, once for each value.
func (w *watcher[C]) refuse(c change) {
	if reported, ok := w.refused[c.key]; ok && reflect.DeepEqual(reported, c.to) {
		return
	}
	w.refused[c.key] = c.to
	w.log.Warn().Str("key", c.key).Str("in_force", fmt.Sprint(c.from)).Str("refused", fmt.Sprint(c.to)).
		Msg("a changed setting is not taken: it needs a restart")
}

// overrule reports keys that have no effect because the environment gives their settings, once for each value.
func (w *watcher[C]) overrule(keys map[string]any) {
	for _, s := range settingsOf(reflect.TypeFor[C](), false) {
		key, stored := keys[s.key]
		given := cmp.Or(os.Getenv(prefix(w.service)+s.variable()), os.Getenv(s.variable()))
		switch {
		case !stored || given == "" || given == key:
			delete(w.overruled, s.key)
		case w.overruled[s.key] != key:
			w.overruled[s.key] = key
			w.log.Warn().Str("key", s.key).Msg("a key in Consul has no effect: the environment gives the setting, and wins")
		}
	}
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
