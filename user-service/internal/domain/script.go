package domain

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// cultures are the scripts that are written together (UTS #39, 5.2, "highly restrictive"). Everything else is written in one script.
var cultures = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// MixesScripts says whether the part of an address before the @, or a label of its host, has letters of scripts that are not written
// together, such as a Cyrillic а among Latin letters. Such an address looks like another one.
func MixesScripts(email string) bool {
	local, host := parts(ShownEmail(email))
	for _, part := range append(strings.Split(host, "."), local) {
		if !together(scripts(part)) {
			return true
		}
	}
	return false
}

// Scripts are those of the letters of an address that has other letters than a to z, sorted; none of one in ASCII. They show what people
// do not see: that the first letter of аnn@example.com is a Cyrillic one.
func Scripts(email string) []string {
	shown := ShownEmail(email)
	if !strings.ContainsFunc(shown, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil
	}
	return slices.Sorted(maps.Keys(scripts(shown)))
}

// scripts are those of the letters in a part; signs and digits that all scripts share have none.
func scripts(part string) map[string]bool {
	found := map[string]bool{}
	for _, r := range part {
		if r < unicode.MaxASCII && !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		for name, table := range unicode.Scripts {
			if unicode.Is(table, r) {
				found[name] = true
				break
			}
		}
	}
	return found
}

func together(found map[string]bool) bool {
	if len(found) <= 1 {
		return true
	}
	for _, culture := range cultures {
		n := 0
		for _, name := range culture {
			if found[name] {
				n++
			}
		}
		if n == len(found) {
			return true
		}
	}
	return false
}
