package service

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"marketplace/user-service/internal/domain"
)

// parseEmail brings an address into the one form that accounts are unique by. It takes no new address that looks like another one:
// not with letters that are another way to write usual ones, such as full width (they change in the normal form KC), and not with
// letters of scripts that are not written together.
func parseEmail(raw string) (string, error) {
	spelled := norm.NFC.String(strings.ToLower(raw))
	local, _, _ := strings.Cut(spelled, "@")
	if norm.NFKC.String(local) != local || domain.MixesScripts(spelled) {
		return "", domain.ErrEmailInvalid
	}
	return domain.ParseEmail(spelled)
}

// knownEmail is parseEmail for signing in: it takes the addresses of old accounts too.
func knownEmail(raw string) (string, error) {
	return domain.KnownEmail(norm.NFC.String(strings.ToLower(raw)))
}

// normalPassword makes one password of the ways in which keyboards compose the
// same letters (NIST SP 800-63B asks for it).
func normalPassword(raw string) string { return norm.NFC.String(raw) }
