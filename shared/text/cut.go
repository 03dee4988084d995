package text

// Cut returns at most so many characters of a text that somebody else's program wrote.
func Cut(s string, characters int) string {
	for at := range s {
		if characters == 0 {
			return s[:at]
		}
		characters--
	}
	return s
}
