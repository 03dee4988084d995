package processor

// DisputeStatus is how a dispute stands, in Stripe's words.
type DisputeStatus string

// The states of a dispute. A warning is an inquiry: it takes no money.
const (
	DisputeWarning       DisputeStatus = "warning_needs_response"
	DisputeWarningClosed DisputeStatus = "warning_closed"
	DisputeNeedsResponse DisputeStatus = "needs_response"
	DisputeUnderReview   DisputeStatus = "under_review"
	DisputeWon           DisputeStatus = "won"
	DisputeLost          DisputeStatus = "lost"
)

// blocks says whether a charge cannot be refunded because of its dispute.
func (s DisputeStatus) blocks() bool {
	return s == DisputeNeedsResponse || s == DisputeUnderReview || s == DisputeLost
}

func (s DisputeStatus) closed() bool {
	return s == DisputeWon || s == DisputeLost || s == DisputeWarningClosed
}

func (s DisputeStatus) known() bool {
	return s.blocks() || s.closed() || s == DisputeWarning
}

// Dispute moves the dispute of an intent's charge, as its cardholder's bank does. The first time it is begun.
func Dispute(in Intent, status DisputeStatus, env Env) (Change, *Error) {
	switch {
	case !status.known():
		return Change{}, Invalid("status", "", "Invalid status of a dispute: %s.", string(status))
	case in.Charge == nil || !in.Charge.Paid:
		return Change{}, refused(&in, "", "", "This PaymentIntent (%s) has no charge that could be disputed.", in.ID)
	case in.Charge.DisputeStatus.closed():
		return Change{}, refused(&in, "", "", "The dispute of this PaymentIntent is closed.")
	}
	charge := *in.Charge
	event := DisputeUpdated
	if charge.DisputeID == "" {
		charge.DisputeID, charge.DisputedAt, event = env.NewID("du"), env.Now.UTC(), DisputeCreated
	}
	charge.DisputeStatus, in.Charge = status, &charge
	events := []Event{event}
	if status.closed() {
		events = append(events, DisputeClosed)
	}
	return Change{Intent: in, Events: events}, nil
}
