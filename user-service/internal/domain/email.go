package domain

import (
	"net/mail"
	"strings"
	"unicode"
)

// Limits of RFC 5321, in bytes.
const (
	maxEmail = 254
	maxLocal = 64
	maxLabel = 63
)

// ParseEmail lower-cases and validates an address; the result is what accounts
// are unique by. The input is expected in Unicode normal form C, so that two
// spellings of one letter are one address.
//
// It is stricter than RFC 5322: no display name, comment, quoted local part or
// address literal, and the host has at least two labels.
func ParseEmail(raw string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(raw))
	if len(email) > maxEmail {
		return "", ErrEmailInvalid
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", ErrEmailInvalid
	}
	local, host, _ := strings.Cut(email, "@")
	if len(local) > maxLocal || strings.ContainsFunc(local, notPrintable) || !validHost(host) {
		return "", ErrEmailInvalid
	}
	return email, nil
}

func validHost(host string) bool {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, notHostRune) {
			return false
		}
	}
	return len(labels) >= 2
}

func notHostRune(r rune) bool {
	return r != '-' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }
