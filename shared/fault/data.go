package fault

import (
	"errors"
	"strings"
)

// DataException says whether a database could not read, hold or compute a value (SQLSTATE class 22). No request should come that
// far: either a handler did not check its input, or the program's own arithmetic overflowed. Callers log it even where the
// request is answered as an invalid one.
func DataException(err error) bool {
	pg, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	return ok && strings.HasPrefix(pg.SQLState(), "22")
}
