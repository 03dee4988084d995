package proxy

import "net/http"

// prefix is where the services' REST begins; the next segment says whose it is.
const prefix = "/api/v1/"

// owners is the one table of routes: first path segment -> service.
var owners = map[string]string{
	"auth":  "user-service",
	"users": "user-service",

	"products":   "product-service",
	"categories": "product-service",
	"images":     "product-service",

	"orders":  "order-service",
	"cart":    "order-service",
	"seller":  "order-service",
	"returns": "order-service",

	"payments":        "payment-service",
	"payment-methods": "payment-service",
	"webhooks":        "payment-service",

	"warehouses":   "warehouse-service",
	"supplies":     "warehouse-service",
	"stock":        "warehouse-service",
	"movements":    "warehouse-service",
	"reservations": "warehouse-service",
	"shipments":    "warehouse-service",
	"transfers":    "warehouse-service",
}

// keys is the one address outside the prefix: the public keys of access tokens.
const keys, keysOwner = "/.well-known/jwks.json", "user-service"

// methods are those that any service knows; the service says which of them a route has.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}
