package domain

import "unicode/utf8"

// Password lengths in characters, after NIST SP 800-63B: long enough to matter,
// capped so that hashing a request's body stays bounded, and no rules about
// which characters, since those only make people predictable. What guessers try
// first is refused, see password.IsCommon.
const (
	MinPassword = 8
	MaxPassword = 128
)

// CheckPassword says whether a new password is acceptable.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		return ErrPasswordLength
	}
	return nil
}

// PasswordChange replaces a password that was checked against OldHash.
type PasswordChange struct {
	By               Actor // whose password it is
	OldHash, NewHash string
	Keep             string // the session that goes on; all others end
}
