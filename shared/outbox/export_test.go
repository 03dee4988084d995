package outbox

import (
	"context"
	"sync"
)

// The statements that run all the time, and the clean-up's.
const (
	Claim    = claim
	MarkRows = markRows
	Expired  = expired
)

// SweepOnce makes one usual sweep; what it sends is not marked.
func (p *Publisher) SweepOnce(ctx context.Context) error {
	p.marks = make(chan []string)
	var marker sync.WaitGroup
	marker.Go(func() {
		for range p.marks {
		}
	})
	_, err := p.sweepOnce(ctx, false)
	close(p.marks)
	marker.Wait()
	return err
}

// DeleteExpired makes one clean-up.
func (p *Publisher) DeleteExpired(ctx context.Context) error { return p.deleteExpired(ctx) }
