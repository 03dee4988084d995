package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"marketplace/user-service/internal/domain"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func admin() domain.User {
	return domain.User{
		ID: "a", Status: domain.StatusActive, Version: 4, Name: "Ada",
		Roles: []string{domain.RoleAdmin, domain.RoleCustomer},
	}
}

func TestGrant_SortsAddsCustomerAndEndsOldTokens(t *testing.T) {
	user, err := admin().Grant([]string{"seller", "admin", "seller"}, 0, now)
	require.NoError(t, err)
	require.Equal(t, []string{"admin", "customer", "seller"}, user.Roles)
	require.Equal(t, 5, user.Version)
	require.Equal(t, now, *user.RevokedBefore)
}

func TestGrant_SameRolesChangeNothing(t *testing.T) {
	user, err := admin().Grant([]string{"customer", "admin"}, 0, now)
	require.NoError(t, err)
	require.Equal(t, admin(), user)
}

func TestGrant_RefusesUnknownRoles(t *testing.T) {
	for _, role := range []string{"root", "", "Admin", " admin"} {
		_, err := admin().Grant([]string{role}, 1, now)
		require.ErrorIs(t, err, domain.ErrRoleUnknown, "%q", role)
	}
}

func TestLastAdmin_KeepsTheRoleAndStaysActive(t *testing.T) {
	_, err := admin().Grant(nil, 0, now)
	require.ErrorIs(t, err, domain.ErrLastAdmin)
	_, err = admin().Block(0, now)
	require.ErrorIs(t, err, domain.ErrLastAdmin)

	demoted, err := admin().Grant(nil, 1, now)
	require.NoError(t, err)
	require.Equal(t, []string{"customer"}, demoted.Roles)
	blocked, err := admin().Block(1, now)
	require.NoError(t, err)
	require.False(t, blocked.IsActiveAdmin())
}

func TestBlock_TwiceIsOnce(t *testing.T) {
	once, err := admin().Block(1, now)
	require.NoError(t, err)
	twice, err := once.Block(0, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, once, twice)
	require.Equal(t, once.Version+1, once.Unblock().Version)
	require.Equal(t, admin(), admin().Unblock())
}

func TestRename_TrimsAndRefusesTheUnshowable(t *testing.T) {
	user, err := admin().Rename("  Анна Каренина ")
	require.NoError(t, err)
	require.Equal(t, "Анна Каренина", user.Name)
	for _, name := range []string{"", "   ", "a\x00b", "a\nb", "\u202eevil", "\xff", strings.Repeat("я", 101), strings.Repeat("\u0958", 60)} {
		_, err := admin().Rename(name)
		require.ErrorIs(t, err, domain.ErrNameInvalid, "%q", name)
	}
	_, err = admin().Rename(strings.Repeat("я", 100))
	require.NoError(t, err)
}

func TestParseEmail_Normalises(t *testing.T) {
	for raw, want := range map[string]string{
		"a@b.co":                       "a@b.co",
		"  Shopper@Marketplace.LOCAL ": "shopper@marketplace.local",
		"o'brien+tag@mail.example":     "o'brien+tag@mail.example",
		"ИВАН@пример.рф":               "иван@xn--e1afmkfd.xn--p1ai",
	} {
		got, err := domain.ParseEmail(raw)
		require.NoError(t, err, "%q", raw)
		require.Equal(t, want, got)
	}
}

func TestParseEmail_RefusesEverythingElse(t *testing.T) {
	for _, raw := range []string{
		"", "@", "a", "a@", "@b.co", "a@b", "a@b.", "a@.co", "a@b..co", "a b@c.de", "a@b@c.de", "a@-b.co", "a@b-.co",
		"Ann <a@b.co>", "<a@b.co>", "a@b.co (work)", `"a b"@c.de`, "a@[127.0.0.1]", "a@b_c.de", "a@b.co,c@d.ef",
		"a\r\nBcc: x@y.z@b.co", "a\x00@b.co", "a\u200b@b.co", ".a@b.co", "a..b@c.de",
		strings.Repeat("a", 65) + "@b.co", "a@" + strings.Repeat("b.", 126) + "co", "a@" + strings.Repeat("b", 64) + ".co",
	} {
		_, err := domain.ParseEmail(raw)
		require.ErrorIs(t, err, domain.ErrEmailInvalid, "%q", raw)
	}
}

func TestKnownEmail_FindsWhatParseEmailTookBefore(t *testing.T) {
	for raw, want := range map[string]string{
		" Ann@Bücher.example ": "ann@xn--bcher-kva.example",
		"A@AB--cd.example":     "a@ab--cd.example",
		"A@xn--A.example":      "a@xn--a.example",
	} {
		got, err := domain.KnownEmail(raw)
		require.NoError(t, err, "%q", raw)
		require.Equal(t, want, got)
	}
	_, err := domain.ParseEmail("a@xn--a.example")
	require.ErrorIs(t, err, domain.ErrEmailInvalid, "nobody registers with it")
	for _, raw := range []string{
		"", "@", "a", "a@b", "a b@xn--a.example", "a\x00@b.co", "a@b\x00.co", "a@b@c.de", "a@xn--a.ex\u202eample\x00", "<a@xn--a.example>",
		strings.Repeat("a", 65) + "@xn--a.example", "a@xn--a." + strings.Repeat("b", 254),
	} {
		_, err := domain.KnownEmail(raw)
		require.ErrorIs(t, err, domain.ErrEmailInvalid, "%q", raw)
	}
}

func TestEmailPart_HasTheSpellingOfStoredAddresses(t *testing.T) {
	for part, want := range map[string]string{
		"Ann@Bücher.example": "ann@xn--bcher-kva.example",
		"@bücher":            "@xn--bcher-kva",
		"bücher.example":     "xn--bcher-kva.example",
		"БОБ@Пример.рф":      "боб@xn--e1afmkfd.xn--p1ai",
		"BOB":                "bob",
		"bob@example.":       "bob@example.",
		"%_":                 "%_",
		"Ann Smith":          "ann smith",
		"":                   "",
	} {
		require.Equal(t, want, domain.EmailPart(part), part)
	}
}

func TestScripts_AreShownWhereAnAddressHasOtherLettersThanAToZ(t *testing.T) {
	for email, want := range map[string][]string{
		"ann+1@mail.example":         nil,
		"раура1@mail.example":        {"Cyrillic", "Latin"},
		"иван@xn--e1afmkfd.xn--p1ai": {"Cyrillic"},
		"ann@xn--80ak6aa92e.com":     {"Cyrillic", "Latin"},
		"josé@mail.example":          {"Latin"},
		"\u0251nn@mail.example":      {"Latin"}, // the letter alpha of Latin
		"tanaka田中さん@mail.example":    {"Han", "Hiragana", "Latin"},
	} {
		require.Equal(t, want, domain.Scripts(email), email)
	}
}

func FuzzParseEmail_IsIdempotent(f *testing.F) {
	f.Add("Shopper@Marketplace.local")
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := domain.ParseEmail(raw)
		if err != nil {
			return
		}
		twice, err := domain.ParseEmail(once)
		require.NoError(t, err)
		require.Equal(t, once, twice)
	})
}

func TestCheckPassword_CountsCharactersNotBytes(t *testing.T) {
	require.ErrorIs(t, domain.CheckPassword("1234567"), domain.ErrPasswordLength)
	require.ErrorIs(t, domain.CheckPassword("пароль1"), domain.ErrPasswordLength)
	require.NoError(t, domain.CheckPassword("12345678"))
	require.NoError(t, domain.CheckPassword(strings.Repeat("я", 128)))
	require.ErrorIs(t, domain.CheckPassword(strings.Repeat("a", 129)), domain.ErrPasswordLength)
}

func TestTokenTime_IsNeverBeforeTheChangeItFollows(t *testing.T) {
	require.Equal(t, now, domain.User{}.TokenTime(now.Add(999*time.Millisecond)))
	changed := now.Add(400 * time.Millisecond)
	user := domain.User{RevokedBefore: &changed}
	require.Equal(t, now.Add(time.Second), user.TokenTime(now.Add(500*time.Millisecond)))
	require.Equal(t, now.Add(2*time.Second), user.TokenTime(now.Add(2500*time.Millisecond)))
	user.RevokedBefore = &now
	require.Equal(t, now, user.TokenTime(now.Add(time.Millisecond)))
}

// However quickly changes follow each other: a token from before the last one is
// void, a token from after it counts. Compared as verifiers do, in milliseconds.
func TestVoidTokens_EveryTokenFromBeforeAndNoneFromAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		user, at := admin(), now
		roles := [][]string{{"seller"}, {"support"}}
		for i := range rapid.IntRange(2, 8).Draw(t, "changes") {
			at = at.Add(time.Duration(rapid.IntRange(0, 1_500_000).Draw(t, "before")) * time.Microsecond)
			old := user.TokenTime(at)
			at = at.Add(time.Duration(rapid.IntRange(1, 1_500_000).Draw(t, "after")) * time.Microsecond)
			var err error
			user, err = user.Grant(roles[i%2], 1, at)
			require.NoError(t, err)
			voidBefore := user.RevokedBefore.Add(time.Millisecond - time.Nanosecond).UnixMilli()
			require.Less(t, old.UnixMilli(), voidBefore)
			require.GreaterOrEqual(t, user.TokenTime(at).UnixMilli(), voidBefore)
		}
	})
}
