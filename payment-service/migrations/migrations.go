// Package migrations embeds the schema's history; the service applies it when it starts.
package migrations

import "embed"

// Files are the migrations in golang-migrate's naming.
//
//go:embed *.sql
var Files embed.FS
