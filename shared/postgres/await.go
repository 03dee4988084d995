package postgres

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rs/zerolog"
)

// await connects again and again until it works. A wrong password is waited for as well: the role may be made a moment later.
// What is wrong is said once, with what to do about it, and again only when something else is wrong.
func await(ctx context.Context, c Config, cc *pgx.ConnConfig, connect func(context.Context) error) error {
	log := c.log().With().Str("server", net.JoinHostPort(cc.Host, strconv.Itoa(int(cc.Port)))).
		Str("database", cc.Database).Str("user", cc.User).Logger()
	said := ""
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := connect(ctx)
		if err == nil {
			if said != "" {
				log.Info().Msg("PostgreSQL answers")
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		level, trouble := zerolog.DebugLevel, troubleOf(err)
		if trouble != said {
			level, said = zerolog.WarnLevel, trouble
		}
		log.WithLevel(level).Err(err).Msg(trouble + "; trying again until it works")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// troubleOf says why there is no connection, for who can mend it. https://www.postgresql.org/docs/current/errcodes-appendix.html
func troubleOf(err error) string {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return "no PostgreSQL answers: start one with `make run`, or set DATABASE_URL"
	}
	switch refusal.Code {
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return "PostgreSQL refuses the user or the password of DATABASE_URL: set the right one, " +
			"or unset it beside `make run`, whose own is read from .local/env"
	case "3D000": // invalid_catalog_name
		return "PostgreSQL does not have the database of DATABASE_URL: create it, or set another one"
	case "53300": // too_many_connections
		return "PostgreSQL has no connection left: raise its max_connections, or lower DATABASE_MAX_CONNS"
	}
	return "PostgreSQL refuses the connection" // while it starts, for example; the error says it
}
