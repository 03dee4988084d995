package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line is a text of one line as a request brings it, such as a name. shared/web brings it into its normal form, with the limits
// of its field's minLength and maxLength.
type Line string

// Block is a text with line breaks, such as a description. It is handled as Line is.
type Block string

// Email is an e-mail address as it was typed: user-service has the rule for it.
type Email string

// Country is a country code of ISO 3166-1 alpha-2. shared/web checks that it exists.
type Country string

// bytesPerCharacter bounds a text in bytes. Three bytes hold every character of the scripts that languages are written in (the Basic
// Multilingual Plane); a text of emoji alone reaches the bound before it has all its characters.
const bytesPerCharacter = 3

// Rule bounds a text. Lengths are those of the normal form.
type Rule struct {
	Min, Max int  // characters; a text with a Min of 0 may be empty
	Lines    bool // line breaks and tabs are allowed
}

// MaxBytes is the bound of the normal form in bytes of UTF-8.
func (r Rule) MaxBytes() int { return bytesPerCharacter * r.Max }

// Error says what is wrong with a text. It repeats nothing of it.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// What a text can be refused for, beside its length.
var (
	ErrBlank     = &Error{"must have characters that can be seen"}
	ErrCharacter = &Error{"has a character that no text may have: a control character, or one that changes the direction of writing"}
	ErrMarks     = &Error{"has too many combining marks on one character"}
)

// Parse returns the normal form, or an *Error.
func (r Rule) Parse(raw string) (string, error) {
	clean, err := normal(raw, r.Lines)
	if err != nil {
		return "", err
	}
	characters := utf8.RuneCountInString(clean)
	switch {
	case clean == "" && (r.Min > 0 || !blank(raw)):
		return "", ErrBlank
	case clean != "" && !strings.ContainsFunc(clean, visible):
		return "", ErrBlank
	case characters < r.Min:
		return "", &Error{fmt.Sprintf("must have at least %d characters", r.Min)}
	case characters > r.Max:
		return "", &Error{fmt.Sprintf("must have at most %d characters", r.Max)}
	case len(clean) > r.MaxBytes():
		return "", &Error{fmt.Sprintf("must have at most %d bytes", r.MaxBytes())}
	}
	return clean, nil
}

// blank says whether a text holds nothing but spaces: nobody meant to say something.
func blank(s string) bool { return strings.TrimFunc(s, space) == "" }

// normal is the normal form of any length, perhaps empty.
func normal(raw string, lines bool) (string, error) {
	if plain(raw) {
		return raw, nil
	}
	if !utf8.ValidString(raw) {
		return "", ErrCharacter
	}
	raw = strings.TrimFunc(raw, space)
	if strings.ContainsFunc(raw, func(r rune) bool { return forbidden(r) && !lines || forbiddenInBlock(r) }) {
		return "", ErrCharacter
	}
	if lines {
		raw = breaks.Replace(raw)
	}
	// Invisible characters go before the normal form is made: without them a letter and its accent may become one character.
	clean := norm.NFC.String(withoutInvisible(raw))
	if tooManyMarks(clean) {
		return "", ErrMarks
	}
	return folded(clean), nil
}

// plain says whether the text is printable ASCII in its normal form already, as most texts are.
func plain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return false
		case c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' '):
			return false
		}
	}
	return true
}

// breaks makes one line break of all that Unicode has.
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n")

// folded makes one plain space of several or other ones, and none of those at an end of a line.
func folded(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	pending, start := false, true // a space waits; nothing stands on the line yet
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteRune(r)
			pending, start = false, true
		case r != '\t' && space(r):
			pending = !start
		default:
			if pending {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			pending, start = false, false
		}
	}
	return strings.TrimFunc(b.String(), space)
}
