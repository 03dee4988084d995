package processor

import "strings"

// What Stripe takes, in its own units, as https://docs.stripe.com/currencies says. The shop has a table of its own, in its own
// units: the sandbox must not learn from the program that it is there to test.

// supported are the currencies in which cards are charged.
const supported = " aed afn all amd aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny cop " +
	"crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes " +
	"kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd " +
	"omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd szl thb tjs tnd top try ttd twd tzs " +
	"uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw "

// minimums are for accounts that settle in the currency. In another one the charge has to be worth the account's own minimum at
// the rate of the moment; the sandbox has no rates, and takes it.
var minimums = map[string]int64{
	"usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400,
	"huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50,
	"thb": 1000,
}

// The largest amounts: eight digits, and twelve in rupiahs.
const (
	maxAmount        = 99_999_999
	maxRupiahs int64 = 999_999_999_999
)

// divisors: what an amount must be divisible by. ISK and UGX are asked for with two decimals that have to be 00, currencies of
// three decimals with a last digit of 0.
var divisors = map[string]int64{"isk": 100, "ugx": 100, "bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10}

// checkAmount refuses what Stripe refuses of a charge.
func checkAmount(amount int64, currency string) *Error {
	if len(currency) != 3 || !strings.Contains(supported, " "+currency+" ") {
		return Invalid("currency", "", "Invalid currency: %s. Stripe currently supports these currencies:%s", currency, supported)
	}
	most := int64(maxAmount)
	if currency == "idr" {
		most = maxRupiahs
	}
	switch least := minimums[currency]; {
	case amount < 1:
		return Invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount < least:
		return Invalid("amount", "amount_too_small", "Amount must be at least %d %s, in the currency's smallest unit.", least, currency)
	case amount > most:
		return Invalid("amount", "amount_too_large", "Amount must be no more than %d.", most)
	}
	return checkDivisible(amount, currency)
}

// checkDivisible refuses what is finer than the currency is charged in.
func checkDivisible(amount int64, currency string) *Error {
	by, ok := divisors[currency]
	if !ok || amount%by == 0 {
		return nil
	}
	code := strings.ToUpper(currency)
	if by == 100 {
		return Invalid("amount", "invalid_charge_amount", "Invalid amount. Currency %s has become effectively zero-decimal and charged "+
			"amounts must be evenly divisible by 100. See https://stripe.com/docs/currencies#zero-decimal for more information.", code)
	}
	return Invalid("amount", "invalid_charge_amount", "Invalid amount. Amounts in %s must be evenly divisible by 10: "+
		"https://stripe.com/docs/currencies#three-decimal.", code)
}
