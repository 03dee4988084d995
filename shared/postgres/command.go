package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/golang-migrate/migrate/v4"
)

var errUsage = errors.New("usage: migrate up | down | status | force VERSION")

// MigrateCommand handles "migrate up|down|status|force N" for operators; handled is false when args are another command.
// down undoes one file. force says that the schema stands at a version, after somebody repaired it by hand.
func MigrateCommand(ctx context.Context, args []string, c Config, files fs.FS) (handled bool, err error) {
	if len(args) == 0 || args[0] != "migrate" {
		return false, nil
	}
	switch {
	case len(args) == 2 && args[1] == "up":
		return true, Migrate(ctx, c, files)
	case len(args) == 2 && args[1] == "down":
		return true, withMigrator(ctx, c, files, func(m *migrate.Migrate) error { return m.Steps(-1) })
	case len(args) == 2 && args[1] == "status":
		return true, withMigrator(ctx, c, files, printStatus)
	case len(args) == 3 && args[1] == "force":
		version, err := strconv.Atoi(args[2])
		if err != nil {
			return true, errUsage
		}
		return true, withMigrator(ctx, c, files, func(m *migrate.Migrate) error { return m.Force(version) })
	}
	return true, errUsage
}

func printStatus(m *migrate.Migrate) error {
	version, dirty, err := m.Version()
	switch {
	case errors.Is(err, migrate.ErrNilVersion):
		_, err = fmt.Fprintln(os.Stdout, "no migration has run")
	case err == nil && dirty:
		_, err = fmt.Fprintf(os.Stdout, "version %d failed half way: repair it, then migrate force\n", version)
	case err == nil:
		_, err = fmt.Fprintf(os.Stdout, "version %d\n", version)
	}
	return err
}
