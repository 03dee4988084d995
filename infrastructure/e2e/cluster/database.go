package cluster

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

// database is the address of a cluster's own database; every service has its schema and its role there.
type database struct{ superuser *url.URL }

const rolePassword = "e2e"

func (d database) url(role string) string {
	address := *d.superuser
	address.User = url.UserPassword(role, rolePassword)
	return address.String()
}

var schemas = []string{
	"user_service", "product_service", "order_service", "payment_service", "warehouse_service", "sandbox",
}

func createDatabase(t testing.TB, superuserURL string) (database, *pgxpool.Pool) {
	t.Helper()
	if superuserURL == "" {
		superuserURL = testkit.Server(t)
	}
	server, err := url.Parse(superuserURL)
	require.NoError(t, err)
	name := "e2e_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	execute(t, superuserURL, append(roleStatements(), "CREATE DATABASE "+name)...)

	own := *server
	own.Path = "/" + name
	execute(t, own.String(), schemaStatements()...)
	pool, err := pgxpool.New(context.Background(), own.String())
	require.NoError(t, err)
	t.Cleanup(func() {
		pool.Close()
		execute(t, superuserURL, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	return database{superuser: &own}, pool
}

// roleStatements make the roles, which belong to the server and may be there. They run in the one database that every
// test connects to first, because an advisory lock is one database's.
func roleStatements() []string {
	var statements []string
	for _, role := range schemas {
		statements = append(statements, fmt.Sprintf(`DO $$ BEGIN
			PERFORM pg_advisory_xact_lock(hashtext('marketplace e2e roles'));
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN CREATE ROLE %[1]s LOGIN PASSWORD '%[2]s'; END IF;
		END $$`, role, rolePassword))
	}
	return statements
}

// schemaStatements make schemas that only their role sees.
func schemaStatements() []string {
	statements := []string{"REVOKE ALL ON SCHEMA public FROM PUBLIC"}
	for _, role := range schemas {
		statements = append(statements, fmt.Sprintf("CREATE SCHEMA %[1]s AUTHORIZATION %[1]s", role))
	}
	return statements
}

func execute(t testing.TB, address string, statements ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	require.NoError(t, err)
	defer conn.Close(ctx)
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		require.NoError(t, err, "%s", statement)
	}
}
