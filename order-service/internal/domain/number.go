package domain

import "time"

const (
	// digits are Crockford's base 32 (https://www.crockford.com/base32.html): none is taken for another one when it is read out.
	digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// randomDigits are 35 bits: among a million orders of a day, one in 30,000 meets a number that is taken.
	randomDigits = 7
)

// Number is what people call an order, such as 261128-7KQ4M2X: the day on which it was placed (UTC), so that new numbers are near
// each other in their index, and a random part, so that a number does not tell how many orders there are.
func Number(placed time.Time, random uint64) string {
	number := []byte(placed.UTC().Format("060102-"))
	for range randomDigits {
		number = append(number, digits[random%32])
		random /= 32
	}
	return string(number)
}
