package service

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"marketplace/user-service/internal/domain"
)

// parseEmail brings an address into the one form that accounts are unique by.
func parseEmail(raw string) (string, error) {
	return domain.ParseEmail(norm.NFC.String(strings.ToLower(raw)))
}

// normalPassword makes one password of the ways in which keyboards compose the
// same letters (NIST SP 800-63B asks for it).
func normalPassword(raw string) string { return norm.NFC.String(raw) }
