package web

import (
	"net/http"
	"strings"
)

// once are the request's fields that mean nothing when they come twice: whichever line one program reads, the next may
// read the other.
var once = []string{"Authorization", "Content-Type", "Idempotency-Key", "Stripe-Signature"}

// oneLine makes several lines of a field one, as a list is meant to be read (RFC 9110, 5.3): whoever asks for If-Match or
// X-Forwarded-For gets all of it. It returns the name of a field that may come once only and did not.
func oneLine(header http.Header) (repeated string) {
	for _, name := range once {
		if len(header[name]) > 1 {
			return name
		}
	}
	for name, lines := range header {
		if len(lines) > 1 {
			header[name] = []string{strings.Join(lines, ", ")}
		}
	}
	return ""
}

func repeatedProblem(name string) *Problem {
	return newProblem(http.StatusBadRequest, "header_repeated", "The header "+name+" may come once only.")
}
