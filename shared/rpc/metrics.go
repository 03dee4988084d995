package rpc

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// collector registers c, or returns the equal one that the registry has: several connections share one set of counters.
func collector[C prometheus.Collector](registry prometheus.Registerer, c C) C {
	err := registry.Register(c)
	if err == nil {
		return c
	}
	if exists, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := exists.ExistingCollector.(C); ok {
			return same
		}
	}
	panic(err) // a programming mistake: two different collectors under one name
}
