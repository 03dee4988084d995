package service

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/user-service/internal/domain"
)

func TestRegister_AddressesThatLookLikeOthersAreRefused(t *testing.T) {
	t.Parallel()
	for _, email := range []string{
		"\u0430dmin@marketplace.local",      // Cyrillic а
		"adm\u0456n@marketplace.local",      // Cyrillic і
		"supp\u03bfrt@marketplace.local",    // Greek ο
		"\uff41dmin@marketplace.local",      // full width a
		"\U0001d41admin@marketplace.local",  // mathematical a
		"admin@m\u0430rketplace.local",      // Cyrillic а in the host
		"o\ufb03ce@marketplace.local",       // ligature ffi
		"\u0430\u03b1@xn--e1afmkfd.example", // Cyrillic and Greek
		"admin@xn--mrketplace-t0i.local",    // Cyrillic а in the host, encoded
		"admin@\uff4d\u0430rketplace.local", // and beside a full-width letter
	} {
		_, err := parseEmail(email)
		require.ErrorIs(t, err, domain.ErrEmailInvalid, "%q", email)
		_, err = knownEmail(email)
		require.NoError(t, err, "%q: an account from before can sign in", email)
	}
	for _, email := range []string{
		"admin@marketplace.local", "Jo\u0308rg.o'neil+7@b\u00fccher.example", "иван@пример.рф", "иван@mail.example", "tanaka田中さん@例え.テスト", "ann_7@r3---sn.example",
	} {
		_, err := parseEmail(email)
		require.NoError(t, err, "%q", email)
	}
}
