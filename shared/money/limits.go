package money

// Limits say what a card payment in a currency can be, in its minor units: a multiple of Step from Min to Max.
type Limits struct{ Step, Min, Max int64 }

// Multiple says whether the amount is a multiple of the step.
func (l Limits) Multiple(amount int64) bool { return amount%l.Step == 0 }

// Source of all that follows: https://docs.stripe.com/currencies (presentment currencies, zero-decimal and three-decimal
// currencies, special cases, minimum and maximum charge amounts), put into our minor units. The currencies that processors
// commonly do not take are the difference to ISO's list. The processor's adapter and the sandbox have tables of their own,
// in the processor's units; a test in payment-service holds all three together.
const chargeable = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD " +
	"CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD " +
	"HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL " +
	"MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG " +
	"QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TND TOP TRY TTD TWD TZS " +
	"UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW "

// eightDigits is the largest amount of most currencies, in the units in which a processor counts.
const eightDigits = 99_999_999

// minimums are the smallest payments that are published. Where none is, the payment has to be worth the minimum of the currency
// that the processor settles in, at the rate of that moment: only the processor can say.
var minimums = map[string]int64{
	"AED": 2_00, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 15_00, "DKK": 2_50, "EUR": 50, "GBP": 30, "HKD": 4_00,
	"HUF": 175_00, "INR": 50, "JPY": 50, "MXN": 10_00, "MYR": 2_00, "NOK": 3_00, "NZD": 50, "PLN": 2_00, "RON": 2_00,
	"SEK": 3_00, "SGD": 50, "THB": 10_00, "USD": 50,
}

// CardLimits returns what a card payment in the currency can be. ok is false when cards are not charged in it.
func CardLimits(code string) (l Limits, ok bool) {
	if !listed(chargeable, code) {
		return Limits{}, false
	}
	l = Limits{Step: 1, Max: eightDigits}
	digits, _ := Exponent(code)
	switch {
	case digits == 3: // the last digit has to be 0
		l = Limits{Step: 10, Max: eightDigits / 10 * 10}
	case code == "ISK" || code == "UGX": // asked for in hundredths, which must be whole units
		l.Max = eightDigits / 100
	case code == "MGA": // asked for in whole units
		l = Limits{Step: 100, Max: eightDigits * 100}
	case code == "IDR": // twelve digits
		l.Max = 999_999_999_999
	}
	l.Min = max(minimums[code], l.Step)
	return l, true
}
