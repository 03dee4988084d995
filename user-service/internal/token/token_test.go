package token_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/user-service/internal/token"
)

func newKeys(t *testing.T, secret, previous string) *token.Keys {
	t.Helper()
	keys, err := token.NewKeys(secret, previous)
	require.NoError(t, err)
	return keys
}

type jwkSet struct {
	Keys []map[string]string `json:"keys"`
}

func published(t *testing.T, keys *token.Keys) jwkSet {
	t.Helper()
	var set jwkSet
	require.NoError(t, json.Unmarshal(keys.JWKS(), &set))
	return set
}

func TestJWKS_ListsCurrentAndPreviousUnderTheirThumbprints(t *testing.T) {
	set := published(t, newKeys(t, "new secret", "old secret"))
	require.Len(t, set.Keys, 2)
	require.Equal(t, published(t, newKeys(t, "old secret", "")).Keys[0], set.Keys[1])
	for _, key := range set.Keys {
		require.Equal(t, "OKP", key["kty"])
		require.Equal(t, "Ed25519", key["crv"])
		sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + key["x"] + `"}`))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), key["kid"])
		require.NotContains(t, key, "d", "the private part stays here")
	}
}

func TestJWKS_TheSameSecretTwiceIsOneKey(t *testing.T) {
	require.Len(t, published(t, newKeys(t, "secret", "secret")).Keys, 1)
}

func TestSigning_MakesTokensThatThePublishedKeysVerify(t *testing.T) {
	of := auth.Identity{UserID: "u", SessionID: "s", Roles: []string{"customer"}}
	old := newKeys(t, "old secret", "")
	rotated := newKeys(t, "new secret", "old secret")
	verifier := auth.NewVerifier(auth.VerifierOptions{Keys: rotated.Public})
	for name, key := range map[string]ed25519.PrivateKey{"new": rotated.Signing(), "old": old.Signing()} {
		signed, err := auth.Issue(key, of, time.Now(), time.Minute)
		require.NoError(t, err)
		got, err := verifier.Verify(t.Context(), signed)
		require.NoError(t, err, name)
		require.Equal(t, of, got)
	}
	dropped := auth.NewVerifier(auth.VerifierOptions{Keys: newKeys(t, "new secret", "").Public})
	signed, err := auth.Issue(old.Signing(), of, time.Now(), time.Minute)
	require.NoError(t, err)
	_, err = dropped.Verify(t.Context(), signed)
	require.Error(t, err)
}

func TestPublic_RefusesOtherKeys(t *testing.T) {
	key, err := newKeys(t, "a", "").Public(published(t, newKeys(t, "b", "")).Keys[0]["kid"])
	require.ErrorIs(t, err, token.ErrUnknownKey)
	require.Equal(t, ed25519.PublicKey(nil), key)
}

func TestRefresh_SaysTheSameEachTimeAndOtherwiseDiffers(t *testing.T) {
	keys := newKeys(t, "secret", "")
	of := token.Refresh{SessionID: uuid.NewString(), Generation: 7}
	issued, err := keys.Issue(of)
	require.NoError(t, err)
	again, err := keys.Issue(of)
	require.NoError(t, err)
	require.Equal(t, issued, again)

	got, err := keys.ParseRefresh(issued)
	require.NoError(t, err)
	require.Equal(t, of, got)

	other, err := keys.Issue(token.Refresh{SessionID: of.SessionID, Generation: 8})
	require.NoError(t, err)
	require.NotEqual(t, token.HashRefresh(issued), token.HashRefresh(other))
}

func TestRefresh_SurvivesTheRotationOfTheSecret(t *testing.T) {
	of := token.Refresh{SessionID: uuid.NewString(), Generation: 2}
	old, err := newKeys(t, "old secret", "").Issue(of)
	require.NoError(t, err)

	rotated := newKeys(t, "new secret", "old secret")
	got, err := rotated.ParseRefresh(old)
	require.NoError(t, err)
	require.Equal(t, of, got)
	reissued, err := rotated.Reissue(of, token.HashRefresh(old))
	require.NoError(t, err)
	require.Equal(t, old, reissued)

	_, err = newKeys(t, "new secret", "").ParseRefresh(old)
	require.ErrorIs(t, err, token.ErrNotGenuine)
	_, err = newKeys(t, "new secret", "").Reissue(of, token.HashRefresh(old))
	require.ErrorIs(t, err, token.ErrNotGenuine)
}

func TestRefresh_P36_NothingForgedIsGenuine(t *testing.T) {
	keys := newKeys(t, "secret", "previous")
	genuine, err := keys.Issue(token.Refresh{SessionID: uuid.NewString(), Generation: 1})
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(genuine, "mrt1_"))
	require.NoError(t, err)
	for i := range raw {
		raw[i] ^= 1
		_, err := keys.ParseRefresh("mrt1_" + base64.RawURLEncoding.EncodeToString(raw))
		require.ErrorIs(t, err, token.ErrNotGenuine, "byte %d", i)
		raw[i] ^= 1
	}
	for _, forged := range []string{"", "mrt1_", genuine[1:], genuine + "A", genuine[:len(genuine)-1], "mrt1_" + genuine, strings.ToUpper(genuine)} {
		_, err := keys.ParseRefresh(forged)
		require.ErrorIs(t, err, token.ErrNotGenuine, "%q", forged)
	}
}
