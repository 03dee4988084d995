package text

import (
	"strings"
	"unicode"
)

const (
	zwnj      = '\u200C'
	zwj       = '\u200D'
	blackFlag = '\U0001F3F4' // begins the flags that are made of tags
	braille   = '\u2800'     // a braille cell without dots: a character, but nothing to see
)

// maxMarks is how many combining marks one character may have. Biblical Hebrew and Tibetan need five or six.
const maxMarks = 8

func space(r rune) bool { return unicode.IsSpace(r) }

// forbidden says whether no line may have the character.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || forbiddenInBlock(r)
}

// forbiddenInBlock says whether no text may have the character.
func forbiddenInBlock(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return !unicode.IsSpace(r)
	case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069': // embeds, overrides or isolates a direction
		return true
	case r == unicode.ReplacementChar:
		return true
	}
	return unicode.Is(unicode.Noncharacter_Code_Point, r) || unicode.Is(unicode.Co, r)
}

// invisible are the characters of which nothing is seen: formats, selectors, and fillers that count as letters. It is
// Unicode's Default_Ignorable_Code_Point, which is derived the same way, with the marks of interlinear annotation.
func invisible(r rune) bool {
	if r < 0x80 {
		return false
	}
	if unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return true
	}
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) && (r < 0x13430 || r > 0x1345F)
}

// visible says whether a person sees the character by itself.
func visible(r rune) bool {
	return !space(r) && !unicode.Is(unicode.M, r) && !invisible(r) && r != braille && !forbidden(r)
}

// withoutInvisible leaves out what nobody sees, except where it has an effect: a joiner between two characters that do not end
// a word, a variation selector after one, tags behind a black flag.
func withoutInvisible(s string) string {
	if !strings.ContainsFunc(s, invisible) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	var joiner rune     // waits for the character that it joins to the one before
	inWord := false     // the last character kept belongs to a word
	var last rune       // the last character kept
	inFlag := false     // only tags stand between here and a black flag
	selectable := false // the last character kept can have a variation selector
	for _, r := range s {
		switch {
		case r == zwj || r == zwnj:
			if joiner == 0 && inWord {
				joiner = r
			}
			continue
		case unicode.Is(unicode.Variation_Selector, r):
			if !selectable || joiner != 0 {
				continue
			}
		case r >= 0xE0020 && r <= 0xE007F:
			if !inFlag && last != blackFlag || joiner != 0 {
				continue
			}
			inFlag = true
		case invisible(r):
			continue
		default:
			inFlag = false
		}
		if joiner != 0 && !space(r) {
			b.WriteRune(joiner)
		}
		joiner = 0
		b.WriteRune(r)
		last, inWord = r, !space(r)
		selectable = inWord && !invisible(r)
	}
	return b.String()
}

// tooManyMarks says whether a character of a text in normal form C has more combining marks than any language writes.
func tooManyMarks(s string) bool {
	marks := 0
	for _, r := range s {
		if !unicode.In(r, unicode.Mn, unicode.Me) || invisible(r) {
			marks = 0
			continue
		}
		if marks++; marks > maxMarks {
			return true
		}
	}
	return false
}
