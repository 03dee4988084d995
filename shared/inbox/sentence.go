package inbox

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"marketplace/shared/fault"
)

// undefinedTable is an SQLSTATE: the schema was never migrated.
const undefinedTable = "42P01"

// said is an error in words for somebody at a terminal, with the error behind them for programs.
type said struct {
	words string
	error
}

func (s said) Error() string { return s.words }
func (s said) Unwrap() error { return s.error }

// sentence is an error in words: without codes, SQLSTATEs and what the driver was doing.
func sentence(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return said{f.Message, err}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pg.Code == undefinedTable {
			return said{"The database has no table of parked messages. Run migrate up first.", err}
		}
		return said{"The database refused: " + pg.Message + ".", err}
	}
	return err
}
