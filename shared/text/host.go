package text

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// hosts maps as resolvers do before a look-up (UTS #46, non-transitional), and holds the lengths and letters of DNS. Hyphens in the
// third and fourth place are allowed, as browsers do (the URL standard), because such hosts exist: r3---sn.example.
var hosts = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true),
	idna.CheckHyphens(false),
)

// errHost is for every name that cannot be one of a host.
var errHost = &Error{"is not the name of a host"}

// Host returns the one spelling of a host's name, in ASCII: xn--bcher-kva.example for Bücher.example. It has no dot at its end.
func Host(name string) (string, error) {
	ascii, err := hosts.ToASCII(name)
	if err != nil || ascii == "" || ascii[len(ascii)-1] == '.' {
		return "", errHost
	}
	// What is left of the check of hyphens: none at an end of a label, and no label that is encoded twice.
	shown, err := hosts.ToUnicode(ascii)
	if err != nil {
		return "", errHost
	}
	for label := range strings.SplitSeq(shown, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || strings.HasPrefix(label, "xn--") {
			return "", errHost
		}
	}
	return ascii, nil
}

// Shown returns a host's name as people read it: bücher.example for xn--bcher-kva.example. A label that cannot be decoded stays as it is.
func Shown(host string) string {
	shown, _ := hosts.ToUnicode(host)
	return shown
}

// Spelled returns the name in ASCII and checks nothing. It is for finding a host that an older rule let in and that Host refuses; what
// it returns may be the name of no host, and is never stored.
func Spelled(name string) string {
	labels := strings.Split(strings.ToLower(norm.NFKC.String(name)), ".")
	for i, label := range labels {
		if plain(label) {
			continue // xn-- is kept, whatever it encodes
		}
		labels[i], _ = idna.Punycode.ToASCII(label) // encodes even what it objects to
	}
	return strings.Join(labels, ".")
}
