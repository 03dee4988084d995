package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// ErrNotGenuine is the answer to a refresh token that we never made.
var ErrNotGenuine = errors.New("not a refresh token of ours")

// refreshPrefix lets secret scanners recognise a leaked token.
const refreshPrefix = "mrt1_"

const macOffset = len(uuid.UUID{}) + 4

// Refresh is what a refresh token says to us; to everybody else it is opaque.
type Refresh struct {
	SessionID  string
	Generation int
}

// RefreshHash is what the database keeps of a refresh token.
type RefreshHash [sha256.Size]byte

// Issue makes the session's refresh token of a generation. It is a function of
// both and of the secret alone: whoever may see a successor again is given the
// same one, though only its hash is stored.
func (k *Keys) Issue(r Refresh) (string, error) { return k.current.issue(r) }

// Reissue makes a token again that was stored as hash, also if that was under
// the previous secret.
func (k *Keys) Reissue(r Refresh, hash RefreshHash) (string, error) {
	for _, d := range k.accepted {
		token, err := d.issue(r)
		if err != nil {
			return "", err
		}
		if HashRefresh(token) == hash {
			return token, nil
		}
	}
	return "", ErrNotGenuine
}

// ParseRefresh returns what a genuine token says, or ErrNotGenuine. Whether it
// is still good only its session knows.
func (k *Keys) ParseRefresh(token string) (Refresh, error) {
	encoded, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok {
		return Refresh{}, ErrNotGenuine
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != macOffset+sha256.Size {
		return Refresh{}, ErrNotGenuine
	}
	for _, d := range k.accepted {
		if hmac.Equal(raw[macOffset:], d.mac(raw[:macOffset])) {
			return Refresh{
				SessionID:  uuid.UUID(raw[:16]).String(),
				Generation: int(binary.BigEndian.Uint32(raw[16:macOffset])),
			}, nil
		}
	}
	return Refresh{}, ErrNotGenuine
}

// HashRefresh hashes a token for the database. It holds 256 bits that nobody can
// guess, so that a fast hash is enough.
func HashRefresh(token string) RefreshHash { return sha256.Sum256([]byte(token)) }

func (d derived) issue(r Refresh) (string, error) {
	id, err := uuid.Parse(r.SessionID)
	if err != nil {
		return "", err
	}
	raw := binary.BigEndian.AppendUint32(id[:], uint32(r.Generation))
	raw = append(raw, d.mac(raw)...)
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

func (d derived) mac(message []byte) []byte {
	h := hmac.New(sha256.New, d.refresh)
	h.Write(message)
	return h.Sum(nil)
}
