package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	saltSize = 16
	keySize  = 32
)

// params are argon2id's costs.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// recommended is OWASP's choice (Password Storage Cheat Sheet).
var recommended = params{memory: 19 * 1024, time: 2, threads: 1}

// strongest bounds what a stored string can make us spend.
var strongest = params{memory: 64 * 1024, time: 8, threads: 4}

var errEncoding = errors.New("not an argon2id PHC string")

// encode writes the PHC string format
// (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
func encode(p params, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func decode(encoded string) (p params, salt, key []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errEncoding
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, nil, nil, errEncoding
	}
	if p.time < 1 || p.threads < 1 || p.memory > strongest.memory || p.time > strongest.time || p.threads > strongest.threads {
		return p, nil, nil, errEncoding
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(salt) < 8 || len(key) != keySize {
		return p, nil, nil, errEncoding
	}
	return p, salt, key, nil
}
