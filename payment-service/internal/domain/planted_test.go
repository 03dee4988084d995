package domain

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRefunds_P29_P61_TheExplorationFindsPlantedMistakes(t *testing.T) {
	t.Parallel()
	whole := func(p Payment, in Input) (Payment, Outcome, error) {
		next, out, err := Decide(p, in)
		if _, ok := in.(OrderCancelled); ok && len(out.Refunds) > 0 {
			next.Refunds[len(next.Refunds)-1].Amount = p.Captured
		}
		return next, out, err
	}
	noRefill := func(p Payment, in Input) (Payment, Outcome, error) {
		next, out, err := Decide(p, in)
		if _, ok := in.(RefundSettled); ok {
			next.Refunds = next.Refunds[:len(p.Refunds)]
		}
		return next, out, err
	}
	beforeDispatch := func(p Payment, in Input) (Payment, Outcome, error) {
		next, out, err := Decide(p, in)
		if errors.Is(err, ErrCancelInstead) {
			believed := p
			believed.Dispatch = Dispatched
			next, out, err = Decide(believed, in)
			next.Dispatch = p.Dispatch
		}
		return next, out, err
	}
	singly := func(p Payment, in Input) (Payment, Outcome, error) { // each part by itself is not more than half
		next, out, err := Decide(p, in)
		if ask, ok := in.(StaffRefund); ok && len(out.Refunds) > 0 && 2*ask.Amount.Amount <= p.Captured.Amount {
			next.Refunds[len(next.Refunds)-1].State = RefundPending
		}
		return next, out, err
	}
	believing := func(p Payment, in Input) (Payment, Outcome, error) { // what is not known is taken for dispatched
		if p.Dispatch == DispatchUnknown {
			p.Dispatch = Dispatched
		}
		return Decide(p, in)
	}
	unchecked := func(p Payment, in Input) (Payment, Outcome, error) {
		c, ok := in.(Confirmation)
		if at := p.byID(c.RefundID); ok && at >= 0 && p.Refunds[at].State == RefundAwaiting {
			p.Refunds[at].State = RefundPending
			return p, Outcome{}, nil
		}
		return Decide(p, in)
	}
	ignored := func(p Payment, in Input) (Payment, Outcome, error) { // the refusal is believed, the books are not read
		if b, ok := in.(Books); ok {
			if b.Refused == nil {
				return p, Outcome{}, nil
			}
			in = RefundSettled{Cause: b.Refused.Cause, Failure: &b.Refused.Failure}
		}
		return Decide(p, in)
	}
	crowded := func(p Payment, in Input) (Payment, Outcome, error) { // booked whether or not there is room
		next, out, err := Decide(p, in)
		if b, ok := in.(Books); ok && out.Again {
			for _, s := range b.Refunds {
				if s.RefundID == "" {
					next, out = add(next, Refund{Cause: CauseExternal(s.ProviderID), Amount: s.Amount, State: s.State, ProviderID: s.ProviderID}, out)
				}
			}
		}
		return next, out, err
	}
	own := func(p Payment, in Input) (Payment, Outcome, error) { // only the cancellation's own refunds can be kept
		next, out, err := Decide(p, in)
		if len(out.Refunds) > 0 && p.Unwanted {
			for _, r := range next.Refunds {
				if r.Cause == causes[bySupport] && r.Failure != nil && r.Failure.Code == codeAbandoned {
					next.Refunds[len(next.Refunds)-1].Amount.Amount += r.Amount.Amount
				}
			}
		}
		return next, out, err
	}
	early := func(p Payment, in Input) (Payment, Outcome, error) { // what was abandoned before the order ended is kept too
		next, out, err := Decide(p, in)
		for i, r := range next.Refunds {
			if r.Failure != nil && r.Failure.Code == codeWithdrawn {
				next.Refunds[i].Failure = dropped
			}
		}
		return next, out, err
	}
	forgotten := func(p Payment, in Input) (Payment, Outcome, error) { // only a hint that comes after the capture counts
		p.Asking.Books = false
		return Decide(p, in)
	}
	unseen := func(p Payment, in Input) (Payment, Outcome, error) {
		if f, ok := in.(Fact); ok {
			f.Moved = false
			in = f
		}
		return Decide(p, in)
	}
	swallowed := func(p Payment, in Input) (Payment, Outcome, error) { // a transfer stands for a refund of its amount at the console
		if b, ok := in.(Books); ok {
			b.Refunds = slices.DeleteFunc(b.Refunds, func(s Seen) bool {
				return slices.ContainsFunc(p.Refunds, func(r Refund) bool { return s.RefundID == "" && r.outside() && r.Amount == s.Amount })
			})
			in = b
		}
		return Decide(p, in)
	}
	waiting := func(p Payment, in Input) (Payment, Outcome, error) { // the books are read until there is room, and there never is
		next, out, err := Decide(p, in)
		if n := len(p.Refunds); len(next.Refunds) > n && next.Refunds[n].aboveCapture() {
			next.Refunds = next.Refunds[:n]
			next, out.Next = later(next)
		}
		return next, out, err
	}
	settled := func(p Payment, in Input) (Payment, Outcome, error) { // what went back at the console is thought to be all
		next, out, err := Decide(p, in)
		for i, r := range next.Refunds {
			if r.Elsewhere() {
				next.Refunds[i].Failure = dropped
			}
		}
		return next, out, err
	}
	for name, c := range map[string]struct {
		with  decide
		of    string
		finds string // empty: that something cannot end well
	}{
		"a cancellation refunds the whole payment, whatever else was refunded": {whole, "goods and money", "refunds, pending or done, above the capture"},
		"a refused refund of a cancelled order is not asked for again":         {noRefill, "goods and money", ""},
		"a full refund before dispatch":                                        {beforeDispatch, "goods and money", "goods sent and money back"},
		"parts are compared with half one by one":                              {singly, "parts before goods have left", "one person gave back more than half before goods had left"},
		"not to know of a dispatch is taken for one":                           {believing, "from before, and goods have not left", "goods sent and money back"},
		"a confirmation is not checked against what is left":                   {unchecked, "goods and money", "refunds, pending or done, above the capture"},
		"money that was given back at the console is not looked for":           {ignored, "money elsewhere", ""},
		"what people keep counts only in the cancellation's own refunds":       {own, "money elsewhere", "asked again for what a person keeps of a cancelled order"},
		"what was given up before the cancellation is kept too":                {early, "money elsewhere", ""},
		"a hint is forgotten that comes before the charge is known":            {forgotten, "money elsewhere", ""},
		"the look at a charge does not see that its money moved":               {unseen, "money elsewhere", ""},
		"a transfer swallows a refund at the console":                          {swallowed, "settlements", ""},
		"what there is no room for is waited for":                              {waiting, "settlements", ""},
		"less went back at the console than the person thinks":                 {settled, "settlements", ""},
		"a refund at the console is booked before ours have ended":             {crowded, "money elsewhere", "refunds, pending or done, above the capture"},
	} {
		t.Run(name, func(t *testing.T) {
			r := explore(c.with, scopes[c.of])
			if c.finds == "" {
				require.NotNil(t, r.Stuck)
				return
			}
			require.Contains(t, r.Violations, c.finds)
		})
	}
}
