// Package config reads a service's settings into one flat struct.
//
// Precedence, weakest first: the defaults in the struct's tags, defaults of the service, in development the checkout's
// .local/env, config.yaml in the working directory, the keys below config/<service>/ in Consul, the environment. The key
// database_url is read from the variable USER_SERVICE_DATABASE_URL (in user-service alone) or DATABASE_URL (in every service).
//
// .local/env is what `make run` wrote for its own processes, in lines VARIABLE=value. It is read by a process whose working
// directory is in the checkout, while these run, so that `go run cmd/main.go` finds the servers of `make run` with nothing set. A test reads none.
//
// CONSUL_HTTP_TOKEN opens Consul's keys where its access control is on.
//
// An empty variable is the same as none, for compose files pass many of them. Only an empty CONSUL_URL says something: this
// process uses no Consul.
//
// A key that the struct does not have is refused wherever it was written on purpose (file and Consul): a typing error
// must not silently leave a default in force. With ENVIRONMENT=production a setting tagged production:"required" must
// not hold its development default, and no setting a password that contains "marketplace-development".
//
// Consul that cannot be reached at start is no error: Watch reads its keys as soon as it answers, and follows them.
package config
