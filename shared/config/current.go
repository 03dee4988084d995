package config

import "sync/atomic"

// Current holds the settings that are in force. It gives them out through Read alone.
type Current[C Settings] struct{ settings atomic.Pointer[C] }

// NewCurrent begins with the settings of the start. Watch changes them.
func NewCurrent[C Settings](start C) *Current[C] {
	current := &Current[C]{}
	current.settings.Store(&start)
	return current
}

// Read returns a function that picks a value out of the settings that are in force when it is called. Whoever needs a setting that
// may change is given such a function, and calls it at each use: it takes no lock. Values that belong together are picked
// together, so that they are of the same moment. pick must change nothing.
func Read[C Settings, V any](current *Current[C], pick func(*C) V) func() V {
	return func() V { return pick(current.settings.Load()) }
}
