package password

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
)

// shortest is the length of the shortest password that anybody can have; see domain.MinPassword.
const shortest = 8

// common holds the passwords of the published list that are long enough, some 11,600 of 30,000.
var common = sync.OnceValue(func() map[string]struct{} {
	list := frequency.FrequencyLists["passwords"]
	found := make(map[string]struct{}, len(list))
	for _, password := range list {
		if utf8.RuneCountInString(password) >= shortest {
			found[password] = struct{}{}
		}
	}
	return found
})

// IsCommon says whether a password is one of the first that a guesser tries: one of the list of common ones, whatever its case, one
// character again and again, or nothing but blanks (NIST SP 800-63B, 5.1.1.2).
func IsCommon(password string) bool {
	password = strings.ToLower(password)
	if strings.TrimSpace(password) == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(password)
	if strings.Trim(password, string(first)) == "" {
		return true
	}
	_, found := common()[strings.TrimSpace(password)]
	return found
}
