package client

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"marketplace/shared/fault"
)

const (
	// rememberFor is how long an answer of the catalogue is believed.
	rememberFor = 10 * time.Second

	// maxRemembered bounds the memory, about 2 MB: the answers not used for longest are forgotten.
	maxRemembered = 10_000

	// maxAsking is how many calls run at the same time, and maxWaiting how many readers wait for one, so that somebody who makes up ids
	// takes neither product-service's connections from orders nor memory from this process.
	maxAsking  = 4
	maxWaiting = 128
)

var errBusy = fault.New(fault.Unavailable, "catalogue_busy",
	"Too many products are being looked up at the moment.").WithRetryAfter(time.Second)

// Known says of one product at a time whether the catalogue knows it. Readers who ask for the same product at the same time share
// one call, and its answer, yes or no, is remembered for a short time. A failed call is not remembered. Calls are few at a time, and whoever
// finds too many waiting already is refused at once.
type Known struct {
	catalogue *Catalogue
	asking    singleflight.Group // by product id
	answers   *lru.Cache[string, answer]
	accepted  chan struct{} // holds one for each call that runs or waits
	running   chan struct{} // holds one for each that runs
}

type answer struct {
	known bool
	until time.Time
}

// NewKnown asks the catalogue for what it does not remember.
func NewKnown(catalogue *Catalogue) *Known {
	answers, err := lru.New[string, answer](maxRemembered)
	if err != nil {
		panic(err) // only a size below one
	}
	return &Known{
		catalogue: catalogue, answers: answers,
		accepted: make(chan struct{}, maxAsking+maxWaiting), running: make(chan struct{}, maxAsking),
	}
}

// Known says whether the product exists, whatever its status; the error says that the catalogue cannot be asked.
func (k *Known) Known(ctx context.Context, productID string) (bool, error) {
	if known, ok := k.remembered(productID); ok {
		return known, nil
	}
	done := k.asking.DoChan(productID, func() (any, error) {
		return k.ask(context.WithoutCancel(ctx), productID) // others wait for it too
	})
	select {
	case result := <-done:
		known, _ := result.Val.(bool)
		return known, result.Err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (k *Known) remembered(productID string) (known, ok bool) {
	a, ok := k.answers.Get(productID)
	return a.known, ok && time.Now().Before(a.until)
}

func (k *Known) ask(ctx context.Context, productID string) (bool, error) {
	if known, ok := k.remembered(productID); ok { // a call may have ended since the caller looked
		return known, nil
	}
	known, err := k.inTurn(ctx, productID)
	if err != nil {
		return false, err
	}
	k.answers.Add(productID, answer{known: known[productID], until: time.Now().Add(rememberFor)})
	return known[productID], nil
}

// inTurn asks the catalogue once it is this call's turn. Waiting and asking have catalogueTimeout together.
func (k *Known) inTurn(ctx context.Context, productID string) (map[string]bool, error) {
	select {
	case k.accepted <- struct{}{}:
	default:
		return nil, errBusy
	}
	defer func() { <-k.accepted }()
	ctx, cancel := context.WithTimeout(ctx, catalogueTimeout)
	defer cancel()
	select {
	case k.running <- struct{}{}:
	case <-ctx.Done():
		return nil, errBusy.Wrap(ctx.Err())
	}
	defer func() { <-k.running }()
	return k.catalogue.Known(ctx, []string{productID})
}
