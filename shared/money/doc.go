// Package money holds amounts of one currency, in its minor unit, and the arithmetic that a shop needs.
//
// Amounts are int64 and never floating point; every operation that could leave the range says so instead of wrapping
// around, and none mixes two currencies. 1299 in USD is twelve dollars and 99 cents, 1299 in JPY is 1299 yen, 1299 in KWD is
// one dinar and 299 fils: Exponent says how many digits a minor unit has, by ISO 4217.
//
// These units are ours. A card processor has its own, and not every amount can be charged: CardLimits says which can, in our
// units; the conversion belongs to the processor's adapter. Accepted is the set of currencies that a shop takes.
//
// The zero value is "nothing, in no currency yet". It is what a sum starts from: adding it changes nothing, and
// the sum takes the currency of the first amount. It is not a valid amount of anything: Validate refuses it.
package money
