package processor

// Card is what a test payment method does when it is charged and refunded.
type Card struct {
	Brand     string
	Last4     string
	Decline   *Failure // the issuer's refusal; nil pays
	Challenge bool     // wants 3-D Secure before it pays
	Late      bool     // the issuer answers later: processing first
	Refund    RefundOutcome
}

// RefundOutcome is how a card takes money back.
type RefundOutcome int

// What becomes of a refund. Stripe's refundFail card reports success first and the failure some time later.
const (
	RefundSucceeds      RefundOutcome = iota
	RefundSucceedsLater               // pending, then succeeded
	RefundRefusedLater                // pending, then failed
	RefundFailsLater                  // succeeded, then failed
)

// FindCard knows Stripe's test payment methods (https://docs.stripe.com/testing), in their present spelling and the older one
// without the brand, and three of this sandbox's own (pm_sandbox_...): two that take a while to answer, one that refuses refunds.
func FindCard(method string) (Card, bool) {
	card, ok := cards[method]
	return card, ok
}

func declined(last4, code, declineCode, message string) Card {
	return Card{Brand: "visa", Last4: last4, Decline: &Failure{Code: code, DeclineCode: declineCode, Message: message}}
}

const (
	messageDeclined   = "Your card was declined."
	messageFunds      = "Your card has insufficient funds."
	messageExpired    = "Your card has expired."
	messageCVC        = "Your card's security code is incorrect."
	messageProcessing = "An error occurred while processing your card. Try again in a little bit."
	messageVelocity   = "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
	messageChallenge  = "Your card was declined. This transaction requires authentication."
)

var (
	generic    = declined("0002", "card_declined", "generic_decline", messageDeclined)
	funds      = declined("9995", "card_declined", "insufficient_funds", messageFunds)
	lost       = declined("9987", "card_declined", "lost_card", messageDeclined)
	stolen     = declined("9979", "card_declined", "stolen_card", messageDeclined)
	fraudulent = declined("0019", "card_declined", "fraudulent", messageDeclined)
	expired    = declined("0069", "expired_card", "", messageExpired)
	cvc        = declined("0127", "incorrect_cvc", "", messageCVC)
	processing = declined("0119", "processing_error", "", messageProcessing)
	velocity   = declined("6975", "card_declined", "card_velocity_exceeded", messageVelocity)
)

func challenged(last4 string, decline *Failure) Card {
	return Card{Brand: "visa", Last4: last4, Challenge: true, Decline: decline}
}

var cards = map[string]Card{
	"pm_card_visa":               {Brand: "visa", Last4: "4242"},
	"pm_card_visa_debit":         {Brand: "visa", Last4: "5556"},
	"pm_card_mastercard":         {Brand: "mastercard", Last4: "4444"},
	"pm_card_mastercard_debit":   {Brand: "mastercard", Last4: "8210"},
	"pm_card_mastercard_prepaid": {Brand: "mastercard", Last4: "5100"},
	"pm_card_amex":               {Brand: "amex", Last4: "0005"},
	"pm_card_discover":           {Brand: "discover", Last4: "1117"},
	"pm_card_diners":             {Brand: "diners", Last4: "0004"},
	"pm_card_jcb":                {Brand: "jcb", Last4: "0505"},
	"pm_card_unionpay":           {Brand: "unionpay", Last4: "0005"},

	"pm_card_visa_chargeDeclined":                      generic,
	"pm_card_chargeDeclined":                           generic,
	"pm_card_chargeCustomerFail":                       declined("0341", "card_declined", "generic_decline", messageDeclined),
	"pm_card_visa_chargeDeclinedInsufficientFunds":     funds,
	"pm_card_chargeDeclinedInsufficientFunds":          funds,
	"pm_card_visa_chargeDeclinedLostCard":              lost,
	"pm_card_chargeDeclinedLostCard":                   lost,
	"pm_card_visa_chargeDeclinedStolenCard":            stolen,
	"pm_card_chargeDeclinedStolenCard":                 stolen,
	"pm_card_chargeDeclinedFraudulent":                 fraudulent,
	"pm_card_chargeDeclinedExpiredCard":                expired,
	"pm_card_chargeDeclinedIncorrectCvc":               cvc,
	"pm_card_chargeDeclinedProcessingError":            processing,
	"pm_card_visa_chargeDeclinedVelocityLimitExceeded": velocity,

	"pm_card_authenticationRequired":                                challenged("3184", nil),
	"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": challenged("8260", funds.Decline),
	"pm_card_threeDSecure2Required":                                 challenged("3220", nil),
	"pm_card_threeDSecureRequired":                                  challenged("3063", nil),
	"pm_card_threeDSecureRequiredChargeDeclined":                    challenged("1629", generic.Decline),

	"pm_card_pendingRefund": {Brand: "visa", Last4: "7726", Refund: RefundSucceedsLater},
	"pm_card_refundFail":    {Brand: "visa", Last4: "5126", Refund: RefundFailsLater},

	"pm_sandbox_refundRefused":      {Brand: "visa", Last4: "5126", Refund: RefundRefusedLater},
	"pm_sandbox_processing":         {Brand: "visa", Last4: "4242", Late: true},
	"pm_sandbox_processingDeclined": {Brand: "visa", Last4: "0002", Late: true, Decline: generic.Decline},
}
