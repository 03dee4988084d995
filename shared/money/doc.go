// Package money holds amounts of one currency, in its minor unit, and the arithmetic that a shop needs.
//
// Amounts are int64 and never floating point; every operation that could leave the range says so instead of wrapping
// around, and none mixes two currencies. 1299 in USD is twelve dollars and 99 cents, 1299 in JPY is 1299 yen: how many
// digits a minor unit has is a question of display and is not answered here.
//
// The zero value is "nothing, in no currency yet". It is what a sum starts from: adding it changes nothing, and
// the sum takes the currency of the first amount. It is not a valid amount of anything: Validate refuses it.
package money
