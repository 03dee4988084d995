package domain

// Due is the clock: the payment's time has come. What is to be asked follows from where it stands and for how long.
type Due struct{}

func (Due) isInput() {}

var authenticationTimeout = Failure{
	Code: "authentication_timeout", Message: "The card was not authenticated in time.",
}

// due says what the processor is asked now. The first time that is a charge, and the attempt is marked with it. A payment
// that is wanted is charged under its key until there is a certain answer; one that is not wanted any more is never charged
// for again: its key is fenced. When the processor may have forgotten the key, neither is safe, and only looking is left.
func (r Rules) due(p Payment) (Payment, Outcome) {
	late := p.Asking.Marked >= lookUpTime
	switch p.State {
	case Processing:
		asked, failure := r.convert(p.Amount)
		if failure != nil { // it can never be asked for: the order must not wait for its deadline
			p.State, p.Unwanted, p.Failure = Voided, true, failure
			return p, Outcome{Messages: []Message{PaymentFailed{Failure: *failure}}}
		}
		p.State, p.Asked, p.Asking.Marked = Called, asked, 0
		return p, Outcome{Ask: AskCharge}
	case Called:
		switch {
		case late:
			return p, Outcome{Unresolved: true}
		case p.IntentID != "":
			return p, Outcome{Ask: AskLook}
		case p.Asking.Marked >= r.KeyLife:
			return p, Outcome{Ask: AskFind}
		case p.Unwanted:
			return p, Outcome{Ask: AskFence}
		}
		return p, Outcome{Ask: AskCharge}
	case RequiresAction:
		if p.Asking.Entered < r.AuthenticationTime {
			return p, Outcome{Ask: AskLook}
		}
		if p.Failure == nil && !p.Unwanted {
			p.Failure = &authenticationTimeout
		}
		p.State = Voiding
		return p, Outcome{Ask: AskVoid}
	case Voiding:
		return p, Outcome{Ask: AskVoid}
	case Captured:
		if p.Asking.Again || p.Asking.Open {
			return p, Outcome{Ask: AskBooks}
		}
	case Failed, Voided: // nothing is asked but what was announced since, also by whoever never came back with the answer
		switch {
		case !p.Asking.Again && !p.Asking.Open || late:
		case p.IntentID != "":
			return p, Outcome{Ask: AskLook}
		default:
			return p, Outcome{Ask: AskFind}
		}
	}
	return p, Outcome{}
}
