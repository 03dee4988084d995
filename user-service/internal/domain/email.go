package domain

import (
	"net/mail"
	"strings"
	"unicode"

	"marketplace/shared/text"
)

// Limits of RFC 5321, in bytes.
const (
	maxEmail = 254
	maxLocal = 64
)

// ParseEmail lower-cases and validates an address; the result is what accounts are unique by. The input is expected in Unicode
// normal form C, so that two spellings of one letter are one address. The host is in ASCII, as DNS has it (IDNA).
//
// It is stricter than RFC 5322: no display name, comment, quoted local part or
// address literal, and the host has at least two labels.
func ParseEmail(raw string) (string, error) {
	local, host := parts(raw)
	host, err := text.Host(host)
	if err != nil {
		return "", ErrEmailInvalid
	}
	return address(local, host)
}

// KnownEmail is ParseEmail for an address that may have an account already. Accounts from before hosts were checked by IDNA can have one
// that ParseEmail refuses, such as a@xn--a.example; it is found in the spelling that is stored.
func KnownEmail(raw string) (string, error) {
	if email, err := ParseEmail(raw); err == nil {
		return email, nil
	}
	local, host := parts(raw)
	return address(local, text.Spelled(host))
}

func parts(raw string) (local, host string) {
	local, host, _ = strings.Cut(strings.ToLower(strings.TrimSpace(raw)), "@")
	return local, host
}

// address checks all but the host, of which it only asks that it has two labels.
func address(local, host string) (string, error) {
	if !strings.Contains(host, ".") || len(local) > maxLocal || strings.ContainsFunc(local, notPrintable) {
		return "", ErrEmailInvalid
	}
	email := local + "@" + host
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email || len(email) > maxEmail {
		return "", ErrEmailInvalid
	}
	return email, nil
}

// ShownEmail is an address as people read it: its host is not in ASCII, where that is another spelling.
func ShownEmail(email string) string {
	local, host := parts(email)
	return local + "@" + text.Shown(host)
}

// EmailPart is a part of an address, as somebody searches for it, in the spelling that addresses are stored in: the host, which is what
// stands behind an @ or all of it, in ASCII. What cannot be a host keeps its letters.
func EmailPart(part string) string {
	part = strings.ToLower(part)
	at := strings.LastIndexByte(part, '@') + 1
	host, err := text.Host(part[at:])
	if err != nil {
		return part
	}
	return part[:at] + host
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }

// Double is a pair of active accounts, by id, whose addresses people cannot tell apart, though one of the two is of the staff.
type Double struct{ A, B string }
