package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"marketplace/shared/text"
)

var (
	line  = text.Rule{Min: 1, Max: 100}
	block = text.Rule{Min: 1, Max: 100, Lines: true}
)

func TestParse_OneNormalFormForAllSpellings(t *testing.T) {
	for raw, want := range map[string]string{
		"Café":                       "Café",
		" Café\t\n":                  "Café",
		"Cafe\u0301":                 "Café",
		"Cafe\u200b\u0301":           "Café",
		"Caf\u00ade\u0301\ufeff":     "Café",
		"Anna\u3000Karenina":         "Anna Karenina",
		"Anna\u00a0 \u2003 Karenina": "Anna Karenina",
		"\u200eשלום\u200f":           "שלום",
		"می\u200cخواهم":              "می\u200cخواهم", // Persian: ZWNJ inside a word
		"\u200cمی\u200c خواهم\u200d": "می خواهم",      // and where it joins nothing
		"👩\u200d🚀":                   "👩\u200d🚀",      // ZWJ in an emoji
		"❤\ufe0f\u200d🔥":             "❤\ufe0f\u200d🔥",
		"A\ufe0f\ufe0f":              "A\ufe0f",
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"A\U000e0041\U000e0042":       "A", // tags that hide a text
		"\u1160a":                     "a",
		"\u2807\u2800\u2807":          "\u2807\u2800\u2807", // braille with a blank cell
		"नी\u200dल":                   "नी\u200dल",
		"שָׁלוֹם":                     norm.NFC.String("שָׁלוֹם"),
		"O'Brien-Smith, 3. Stock <b>": "O'Brien-Smith, 3. Stock <b>",
	} {
		got, err := line.Parse(raw)
		require.NoError(t, err, "%+q", raw)
		require.Equal(t, want, got, "%+q", raw)
	}
}

func TestParse_RefusesWhatShowsNothing(t *testing.T) {
	for name, raw := range map[string]string{
		"empty": "", "spaces": " \t\n", "no-break space": "\u00a0", "ideographic space": "\u3000\u3000", "zero width space": "\u200b",
		"joiners": "\u200d\u200c", "BOM": "\ufeff", "soft hyphen": "\u00ad", "Hangul filler": "\u3164", "half-width filler": "\uffa0",
		"jamo fillers": "\u115f\u1160", "braille blank": "\u2800", "selectors": "\ufe0f\ufe00", "tags": "\U000e0041\U000e007f",
		"marks alone": "\u0301\u0302", "spacing mark alone": "\u0903", "Mongolian selector": "\u180b\u180e", "directions": "\u200e\u200f\u061c",
		"grapheme joiner": "\u034f", "supplementary selectors": "\U000e0100", "word joiner": "\u2060", "all together": "\u200b\u3164 \u2800\u0301",
	} {
		_, err := line.Parse(raw)
		require.ErrorIs(t, err, text.ErrBlank, name)
		_, err = block.Parse(raw)
		require.ErrorIs(t, err, text.ErrBlank, name)
	}
	optional := text.Rule{Max: 10}
	for _, raw := range []string{"", "  ", "\u3000"} {
		got, err := optional.Parse(raw)
		require.NoError(t, err)
		require.Empty(t, got)
	}
	_, err := optional.Parse("\u200b")
	require.ErrorIs(t, err, text.ErrBlank, "something was meant, and nothing is seen")
}

func TestParse_RefusesCharactersThatNoTextMayHave(t *testing.T) {
	for name, raw := range map[string]string{
		"NUL": "a\x00b", "escape": "a\x1b[31mb", "delete": "a\x7fb", "C1": "a\u0090b", "override": "a\u202eb", "embedding": "\u202aab",
		"pop": "ab\u202c", "isolate": "a\u2066b\u2069", "noncharacter": "a\ufdd0b", "last code point": "a\U0010ffff", "private use": "a\ue000b",
		"private plane": "a\U000f0000b", "replacement": "a\ufffdb", "no UTF-8": "a\xff", "half a surrogate": "a\xed\xa0\x80b",
	} {
		_, err := line.Parse(raw)
		require.ErrorIs(t, err, text.ErrCharacter, name)
		_, err = block.Parse(raw)
		require.ErrorIs(t, err, text.ErrCharacter, name)
	}
	for _, raw := range []string{"a\nb", "a\tb", "a\r\nb", "a\u2028b", "a\u2029b", "a\u0085b", "a\vb"} {
		_, err := line.Parse(raw)
		require.ErrorIs(t, err, text.ErrCharacter, "%+q", raw)
	}
	_, err := line.Parse("a" + strings.Repeat("\u0300", 10))
	require.ErrorIs(t, err, text.ErrMarks)
	_, err = line.Parse("a" + strings.Repeat("\u0489", 1000))
	require.ErrorIs(t, err, text.ErrMarks)
}

func TestParse_ABlockKeepsItsLines(t *testing.T) {
	got, err := block.Parse("\n One  two \r\n\tthree\u00a0 four\u2028five\rsix \u200b\n\n")
	require.NoError(t, err)
	require.Equal(t, "One two\n\tthree four\nfive\nsix", got)
}

func TestParse_BoundsCharactersAndBytesOfTheNormalForm(t *testing.T) {
	got, err := line.Parse(strings.Repeat("e\u0301", 100)) // 200 code points as they came, 100 as they are kept
	require.NoError(t, err)
	require.Equal(t, 100, utf8.RuneCountInString(got))
	_, err = line.Parse(strings.Repeat("я", 101))
	require.EqualError(t, err, "must have at most 100 characters")
	_, err = line.Parse(strings.Repeat("汉", 100))
	require.NoError(t, err, "three bytes each")
	_, err = line.Parse(strings.Repeat("😀", 76))
	require.EqualError(t, err, "must have at most 300 bytes")
	_, err = line.Parse(strings.Repeat("\u0958", 51)) // each has two characters in the normal form
	require.EqualError(t, err, "must have at most 100 characters")
	_, err = line.Parse(strings.Repeat("\u0958", 50))
	require.NoError(t, err)
	_, err = text.Rule{Min: 3, Max: 9}.Parse(" ab ")
	require.EqualError(t, err, "must have at least 3 characters")
}

func TestCut_LeavesWholeCharacters(t *testing.T) {
	require.Equal(t, "añ", text.Cut("año", 2))
	require.Equal(t, "año", text.Cut("año", 3))
	require.Equal(t, "año", text.Cut("año", 4))
	require.Empty(t, text.Cut("año", 0))
}

func FuzzParse_TheNormalFormOfANormalFormIsItself(f *testing.F) {
	for _, seed := range []string{"Café", " a\u200b\u0301 ", "\u1100\u1160\u11a8", "a \u200d\u0301 b", "x\u2000\ufe0f", "🏴\U000e0067\u200d\U000e007f", "a\n \t\n b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, rule := range []text.Rule{{Max: 1 << 20}, {Max: 1 << 20, Lines: true}} {
			once, err := rule.Parse(raw)
			if err != nil {
				continue
			}
			twice, err := rule.Parse(once)
			require.NoError(t, err, "%+q became %+q", raw, once)
			require.Equal(t, once, twice, "%+q", raw)
			require.True(t, norm.NFC.IsNormalString(once), "%+q", raw)
			require.Equal(t, once, strings.TrimFunc(once, unicode.IsSpace))
			require.False(t, strings.ContainsFunc(once, func(r rune) bool { return unicode.IsSpace(r) && r != ' ' && r != '\n' && r != '\t' }))
		}
	})
}

func TestHost_IsOneSpellingInASCII(t *testing.T) {
	for raw, want := range map[string]string{
		"bücher.example": "xn--bcher-kva.example", "Bu\u0308cher.EXAMPLE": "xn--bcher-kva.example", "xn--bcher-kva.example": "xn--bcher-kva.example",
		"faß.example": "xn--fa-hia.example", "пример.рф": "xn--e1afmkfd.xn--p1ai", "例え。テスト": "xn--r8jz45g.xn--zckzah", "a.b": "a.b",
		"ab--cd.example": "ab--cd.example", "R3---sn-apo3.example": "r3---sn-apo3.example", "bü--cher.example": "xn--b--cher-n2a.example",
	} {
		got, err := text.Host(raw)
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
	for _, raw := range []string{
		"", ".", "a.", "-a.b", "a-.b", "a..b", "a_b.c", "a b.c", "xn--a.b", "xn--zzzzzzzz9999.b", strings.Repeat("a", 64) + ".b", strings.Repeat("a.", 127) + "bc",
		"a\u200db.c", "a\x00.b", "[127.0.0.1]", "-ü.b", "ü-.b", "xn----dha.b", "xn--xn---8na.b", "xn--ü.b", "א1a.b", "xn--1a-uld.b",
	} {
		_, err := text.Host(raw)
		require.Error(t, err, "%q", raw)
	}
}

func TestSpelled_IsHostsSpellingAndHasOneForNamesThatHostRefuses(t *testing.T) {
	for _, name := range []string{"bücher.example", "BÜCHER.example", "faß.example", "пример.рф", "例え.テスト", "ab--cd.example", "a.b"} {
		host, err := text.Host(name)
		require.NoError(t, err)
		require.Equal(t, host, text.Spelled(name))
	}
	for name, want := range map[string]string{
		"XN--A.example": "xn--a.example", "a_b.c": "a_b.c", "xn--a.bücher.example": "xn--a.xn--bcher-kva.example", "": "", ".": ".",
	} {
		require.Equal(t, want, text.Spelled(name))
	}
	for _, name := range []string{"אa.example", "xn--ü.example", "\u0301a.example", "\xff.b"} {
		_, err := text.Host(name)
		require.Error(t, err)
		require.Regexp(t, `^xn--[a-z0-9-]+\.[a-z]+$`, text.Spelled(name), "%q", name)
	}
}

func TestCountry_IsOneThatISO3166HasAssigned(t *testing.T) {
	exist := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			if !text.Country(code).Exists() {
				continue
			}
			exist++
			region, err := language.ParseRegion(code)
			require.NoError(t, err)
			require.True(t, region.IsCountry() && region.Canonicalize() == region, "CLDR knows %s as a country, by no newer code", code)
		}
	}
	require.Equal(t, 249, exist)
	for _, code := range []string{"GB", "DE", "TW", "AQ", "BQ"} {
		require.True(t, text.Country(code).Exists(), code)
	}
	for _, code := range []string{"", "A", "AA", "ZZ", "EU", "UK", "XK", "AN", "SU", "gb", "GBR", "G ", " A", "D ", "001"} {
		require.False(t, text.Country(code).Exists(), "%q", code)
	}
}
