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

func read(t *testing.T, refresh string) token.Presented {
	t.Helper()
	presented, err := token.ReadRefresh(refresh)
	require.NoError(t, err)
	return presented
}

func TestRefresh_SaysTheSameEachTimeAndOtherwiseDiffers(t *testing.T) {
	keys, session := newKeys(t, "secret", ""), token.NewSessionKey()
	of := token.Refresh{SessionID: uuid.NewString(), Generation: 7}
	issued, err := keys.Issue(of, session)
	require.NoError(t, err)
	again, err := keys.Issue(of, session)
	require.NoError(t, err)
	require.Equal(t, issued, again)

	got := read(t, issued)
	require.Equal(t, of, got.Refresh)
	require.Equal(t, token.HashRefresh(issued), got.Hash)
	require.True(t, keys.Genuine(got, session))
	require.False(t, keys.Genuine(got, token.NewSessionKey()), "each session has a key of its own")
	require.False(t, keys.Genuine(got, nil))

	other, err := keys.Issue(token.Refresh{SessionID: of.SessionID, Generation: 8}, session)
	require.NoError(t, err)
	require.NotEqual(t, token.HashRefresh(issued), token.HashRefresh(other))
}

func TestRefresh_P37_IsRecognisedWithoutTheSecretThatMadeIt(t *testing.T) {
	session := token.NewSessionKey()
	of := token.Refresh{SessionID: uuid.NewString(), Generation: 2}
	old, err := newKeys(t, "old secret", "").Issue(of, session)
	require.NoError(t, err)

	rotated, dropped := newKeys(t, "new secret", "old secret"), newKeys(t, "new secret", "")
	reissued, err := rotated.Reissue(of, session, token.HashRefresh(old))
	require.NoError(t, err)
	require.Equal(t, old, reissued)
	require.True(t, dropped.Genuine(read(t, old), session))
	_, err = dropped.Reissue(of, session, token.HashRefresh(old))
	require.ErrorIs(t, err, token.ErrNotGenuine, "the session's key alone makes no token")
}

// Tokens from before sessions had keys.
func TestRefresh_WithoutTagIsRecognisedByTheSecretsThatAreKnown(t *testing.T) {
	of := token.Refresh{SessionID: uuid.NewString(), Generation: 2}
	old, err := newKeys(t, "old secret", "").Issue(of, nil)
	require.NoError(t, err)
	for _, session := range [][]byte{nil, token.NewSessionKey()} {
		require.True(t, newKeys(t, "new secret", "old secret").Genuine(read(t, old), session))
		require.False(t, newKeys(t, "new secret", "").Genuine(read(t, old), session))
	}
}

func TestRefresh_P36_NothingForgedIsGenuine(t *testing.T) {
	keys := newKeys(t, "secret", "previous")
	for prefix, session := range map[string][]byte{"mrt1_": nil, "mrt2_": token.NewSessionKey()} {
		genuine, err := keys.Issue(token.Refresh{SessionID: uuid.NewString(), Generation: 1}, session)
		require.NoError(t, err)
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(genuine, prefix))
		require.NoError(t, err)
		for i := range raw {
			raw[i] ^= 1
			require.False(t, keys.Genuine(read(t, prefix+base64.RawURLEncoding.EncodeToString(raw)), session), "byte %d", i)
			raw[i] ^= 1
		}
		for _, forged := range []string{"", prefix, genuine[1:], genuine + "A", genuine[:len(genuine)-1], prefix + genuine, strings.ToUpper(genuine)} {
			_, err := token.ReadRefresh(forged)
			require.ErrorIs(t, err, token.ErrNotGenuine, "%q", forged)
		}
	}
}
