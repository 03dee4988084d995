// Package testkit gives each test real servers to itself: a database cloned from a migrated template, a vhost, a Redis
// database, a prefix. So tests run in parallel and clean up after themselves.
//
// The servers' addresses come from TEST_* in the environment or from .local/test/env, which `make test-servers` writes.
// Without them a test fails and says so; it never skips. Fault tests, which kill a server, start their own: package
// testkit/servers.
//
// Shared beside the servers: Eventually polls a condition, FreePort is a port of the test's own, Clock is a clock that a test sets.
package testkit
