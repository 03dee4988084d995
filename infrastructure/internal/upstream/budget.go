package upstream

import "sync/atomic"

// Amounts are in tenths of a repeat.
const (
	earned     = 1       // by a request
	price      = 10      // of a repeat
	budgetFull = 10 * 10 // so that a quiet service can lose an instance without a failed read
)

// budget allows one repeat for ten requests (promise 50). Its zero value is empty.
type budget struct{ tenths atomic.Int64 }

// earn counts a request.
func (b *budget) earn() {
	for {
		have := b.tenths.Load()
		if have >= budgetFull || b.tenths.CompareAndSwap(have, have+earned) {
			return
		}
	}
}

// spend takes a repeat, if there is one.
func (b *budget) spend() bool {
	for {
		have := b.tenths.Load()
		if have < price {
			return false
		}
		if b.tenths.CompareAndSwap(have, have-price) {
			return true
		}
	}
}
