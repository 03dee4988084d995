package testkit

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var errNotYet = errors.New("the condition does not hold")

// Eventually polls until cond returns true or nil, every 10 ms at first and then more seldom. It fails the test with the
// last error when the time is over.
func Eventually[C func() bool | func() error](t testing.TB, within time.Duration, cond C, message ...any) {
	t.Helper()
	end := time.Now().Add(within)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := try(cond)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s %s", within, err, fmt.Sprint(message...))
		}
		<-time.After(pause)
	}
}

func try(cond any) error {
	switch cond := cond.(type) {
	case func() error:
		return cond()
	case func() bool:
		if cond() {
			return nil
		}
	}
	return errNotYet
}
