package web

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// sharedSchemas are the schemas that mean the same in every service's document. All others carry the service's name, so
// that the documents can be merged.
var sharedSchemas = map[string]bool{"Money": true, "Problem": true, "ErrorDetail": true}

// schemaNamer names the schemas of a service: Product stays Product in product-service, Category becomes ProductCategory.
func schemaNamer(service string) func(reflect.Type, string) string {
	prefix, _, _ := strings.Cut(service, "-")
	if prefix != "" {
		prefix = strings.ToUpper(prefix[:1]) + prefix[1:]
	}
	return func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		if sharedSchemas[name] || strings.HasPrefix(name, prefix) {
			return name
		}
		return prefix + name
	}
}
