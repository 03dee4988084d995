// Package config reads a service's settings into a struct, and follows those that may change while the service runs.
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
// # Changing a setting
//
// Limits, time-outs and deadlines change in the running process:
//
//	consul kv put config/order-service/order_deadline 20m
//
// Which settings these are, the struct says: those in an embedded struct with the tag live:"true". The others need a restart.
//
//	type Config struct {
//		Fixed               // ports, addresses, secrets, the sizes of pools
//		Live `live:"true"` // limits, time-outs, deadlines
//	}
//
// At the start every layer takes effect for every setting. While the process runs, Watch builds the settings again after each
// change of a key. They must be valid as at a start, and together with the fixed ones that the process keeps; otherwise nothing
// changes and the log says why. A key of a fixed setting is refused with a warning, "needs a restart", and the live ones beside it
// take effect. A change is logged with the old and the new value, and no secret is.
//
// The values in force are in a Current, which gives them out only as functions (Read) that whoever needs them calls at each use. The
// wiring of a service is given Fixed and the Current, so that it has no value of the start to hand on.
//
// Consul that cannot be reached at start is no error: Watch reads its keys as soon as it answers. A fixed setting is then refused
// like one that has changed: the process runs without it.
package config
