package money

import "strings"

// How many decimal digits minor units have, where it is not two. Source: ISO 4217, list one, as its maintenance agency
// publishes it (https://www.six-group.com/en/products-services/financial-information/data-standards.html). The ariary (MGA)
// and the ouguiya (MRU) are divided by five; ISO gives them two digits all the same.
//
// CLDR is another thing: its digits say how amounts are usually shown, and are 0 for many currencies that have minor units.
const (
	noDigits    = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF "
	threeDigits = "BHD IQD JOD KWD LYD OMR TND "
)

// Exponent is how many decimal digits the minor unit of a currency has by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD. ok is
// false when the code is not listed.
func Exponent(code string) (digits int, ok bool) {
	switch {
	case !known(code):
		return 0, false
	case listed(noDigits, code):
		return 0, true
	case listed(threeDigits, code):
		return 3, true
	}
	return 2, true
}

// listed says whether the code is in a list in which each code is followed by a space: it can only stand at a multiple of four.
func listed(list, code string) bool {
	return len(code) == 3 && strings.Index(list, code+" ")%4 == 0
}
