package domain

// ActKind is what a person did about a refund.
type ActKind string

const (
	ActAsked     ActKind = "asked"
	ActConfirmed ActKind = "confirmed"
	ActRejected  ActKind = "rejected"
	ActOutside   ActKind = ActKind(SettledOutside)
	ActConsole   ActKind = ActKind(SettledConsole)
	ActRetry     ActKind = ActKind(SettledRetry)
	ActAbandon   ActKind = ActKind(SettledAbandon)
)

// Act is what a person is about to do about a refund. It is kept, with the effect, for ever.
type Act struct {
	PaymentID string
	Kind      ActKind
	By        string // a user's id, or operator:NAME for a command
	Reason    string // for the customer, of a refund that is asked for
	Note      string // for the staff
	Trace     string // W3C traceparent of the request

	// Input is what is decided. spent is what the person has given back alone in the last day, in minor units of Currency;
	// it is read only when Currency is set.
	Input    func(spent int64) Input
	Currency string

	// Concerns says which refund the act is about, before or after it.
	Concerns func(Refund) bool
}
