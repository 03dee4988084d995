package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// ErrNotGenuine is the answer to a refresh token that we never made.
var ErrNotGenuine = errors.New("not a refresh token of ours")

// The prefixes let secret scanners recognise a leaked token.
const (
	refreshPrefix = "mrt2_"
	// untaggedPrefix is of tokens from before sessions had keys: they have no tag.
	untaggedPrefix = "mrt1_"
)

const (
	macOffset = len(uuid.UUID{}) + 4
	tagOffset = macOffset + sha256.Size
	tagSize   = 16
)

// Refresh is what a refresh token says to us; to everybody else it is opaque.
type Refresh struct {
	SessionID  string
	Generation int
}

// RefreshHash is what the database keeps of a refresh token.
type RefreshHash [sha256.Size]byte

// NewSessionKey makes the random key of a session, by which its tokens are recognised for as long as it lives. It makes no token:
// that needs the secret too. So the database may hold it.
func NewSessionKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
}

// Issue makes the session's refresh token of a generation. It is a function of both, of the session's key and of the secret alone:
// whoever may see a successor again is given the same one, though only its hash is stored.
func (k *Keys) Issue(r Refresh, sessionKey []byte) (string, error) {
	return k.current.issue(r, sessionKey)
}

// Reissue makes a token again that was stored as hash, also if that was under
// the previous secret.
func (k *Keys) Reissue(r Refresh, sessionKey []byte, hash RefreshHash) (string, error) {
	for _, d := range k.accepted {
		token, err := d.issue(r, sessionKey)
		if err != nil {
			return "", err
		}
		if HashRefresh(token) == hash {
			return token, nil
		}
	}
	return "", ErrNotGenuine
}

// Presented is a refresh token that somebody showed. What it says is no more than a claim: the token is genuine if its hash is
// stored, or if Genuine says so.
type Presented struct {
	Refresh
	Hash RefreshHash
	body []byte // what it says and its MAC
	tag  []byte // nil in a token from before sessions had keys
}

// ReadRefresh reads a token, or returns ErrNotGenuine if we make none of that form.
func ReadRefresh(token string) (Presented, error) {
	size := tagOffset + tagSize
	encoded, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok {
		size = tagOffset
		if encoded, ok = strings.CutPrefix(token, untaggedPrefix); !ok {
			return Presented{}, ErrNotGenuine
		}
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != size {
		return Presented{}, ErrNotGenuine
	}
	p := Presented{
		Refresh: Refresh{SessionID: uuid.UUID(raw[:16]).String(), Generation: int(binary.BigEndian.Uint32(raw[16:macOffset]))},
		Hash:    HashRefresh(token), body: raw[:tagOffset],
	}
	if size > tagOffset {
		p.tag = raw[tagOffset:]
	}
	return p, nil
}

// Genuine says whether we made a token of the session that has that key. It does not depend on the secret, so that an old token of
// a session is recognised after the secret was changed. Only a token without tag needs the secret that made it.
func (k *Keys) Genuine(p Presented, sessionKey []byte) bool {
	if p.tag != nil {
		return len(sessionKey) > 0 && hmac.Equal(p.tag, tag(sessionKey, p.body))
	}
	for _, d := range k.accepted {
		if hmac.Equal(p.body[macOffset:], d.mac(p.body[:macOffset])) {
			return true
		}
	}
	return false
}

// HashRefresh hashes a token for the database. It holds 256 bits that nobody can
// guess, so that a fast hash is enough.
func HashRefresh(token string) RefreshHash { return sha256.Sum256([]byte(token)) }

// issue makes a token; without tag if the session has no key yet.
func (d derived) issue(r Refresh, sessionKey []byte) (string, error) {
	id, err := uuid.Parse(r.SessionID)
	if err != nil {
		return "", err
	}
	raw := binary.BigEndian.AppendUint32(id[:], uint32(r.Generation))
	raw = append(raw, d.mac(raw)...)
	if sessionKey == nil {
		return untaggedPrefix + base64.RawURLEncoding.EncodeToString(raw), nil
	}
	raw = append(raw, tag(sessionKey, raw)...)
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

func (d derived) mac(message []byte) []byte { return mac(d.refresh, message) }

func tag(sessionKey, body []byte) []byte { return mac(sessionKey, body)[:tagSize] }

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
