package postgres

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// refusedValue is the server's refusal of a value, in words that do not repeat the value: it is a client's, and the error is logged.
type refusedValue struct {
	text  string
	cause error
}

func (e *refusedValue) Error() string { return e.text }

func (e *refusedValue) Unwrap() error { return e.cause }

// values are what a message of PostgreSQL repeats of a value: what is between the first and the last quotation mark, in whatever
// language the server speaks, and the bytes that are no text.
var values = regexp.MustCompile(`(?s)["'«»„“”‘’「」].*["'«»„“”‘’「」]|0x[0-9a-f]{2}( 0x[0-9a-f]{2})*`)

// withoutValue is err with the server's message stripped of values. The routine tells reading a value (pg_strtoint32_safe) from
// arithmetic (int4pl).
func withoutValue(pg *pgconn.PgError, err error) error {
	message := values.ReplaceAllString(pg.Message, "…")
	if pg.Routine != "" {
		message += " in " + pg.Routine
	}
	return &refusedValue{text: strings.ReplaceAll(err.Error(), pg.Message, message), cause: err}
}
