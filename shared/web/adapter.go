package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// newAPI is huma on Gin, with what every operation must have whether or not its author thought of it.
func newAPI(engine *gin.Engine, config huma.Config) huma.API {
	inner := humagin.New(engine, config).Adapter()
	return huma.NewAPI(config, adapter{Adapter: inner, schemas: config.Components.Schemas})
}

// adapter sees each operation once huma knows all of it.
type adapter struct {
	huma.Adapter
	schemas huma.Registry
}

// Handle adds the route of an operation. A GET answers HEAD too: net/http leaves the body out (RFC 9110, 9.3.2).
func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	requireIDs(op, a.schemas)
	a.Adapter.Handle(op, handler)
	if op.Method == http.MethodGet {
		head := *op
		head.Method = http.MethodHead
		a.Adapter.Handle(&head, handler)
	}
}
