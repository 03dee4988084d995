package web

import (
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
)

// Defaults of Options.
const (
	DefaultMaxBody = 1 << 20
	DefaultTimeout = 10 * time.Second
)

// Options are the choices of New.
type Options struct {
	Service        string // as its folder; the first word becomes the prefix of its schemas
	Title          string // of the OpenAPI document
	Version        string
	Telemetry      *telemetry.Telemetry
	Verifier       *auth.Verifier
	Checks         []Check
	MaxBody        int64         // bytes; DefaultMaxBody when 0
	Timeout        time.Duration // of a handler; DefaultTimeout when 0. A route may have another: WithTimeout
	TrustedProxies []string      // addresses or CIDRs whose X-Forwarded-For is believed; none when empty
	OpenAPI        http.Handler  // serves /openapi.json; the document of the server's own operations when nil
}

// Server is a service's REST side. Routes are registered before it serves.
type Server struct {
	options  Options
	log      zerolog.Logger
	tracer   trace.Tracer
	metrics  *metrics
	engine   *gin.Engine
	api      huma.API
	routes   []Route
	probed   probed
	stopping chan struct{} // closed when the drain begins
}

// New returns a server that answers /health/live, /health/ready, /metrics and /openapi.json. It panics on a trusted proxy that is no address.
func New(o Options) *Server {
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	configureLibraries()
	s := &Server{
		options:  o,
		log:      o.Telemetry.Log,
		tracer:   o.Telemetry.Tracer.Tracer("marketplace/shared/web"),
		metrics:  newMetrics(o.Telemetry.Registry),
		engine:   gin.New(),
		stopping: make(chan struct{}),
	}
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	if err := s.engine.SetTrustedProxies(o.TrustedProxies); err != nil {
		panic(err)
	}
	// Registered before the edge: probes and scrapes are neither traced nor counted.
	s.engine.GET("/health/live", s.live)
	s.engine.GET("/health/ready", s.ready)
	s.engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(o.Telemetry.Registry, promhttp.HandlerOpts{})))
	if o.OpenAPI == nil {
		o.OpenAPI = s.document()
	}
	s.engine.GET("/openapi.json", gin.WrapH(o.OpenAPI))
	s.engine.Use(s.edge)
	s.engine.NoRoute(func(c *gin.Context) { s.write(c, problemFor(http.StatusNotFound)) })
	s.engine.NoMethod(func(c *gin.Context) { s.write(c, problemFor(http.StatusMethodNotAllowed)) })
	s.api = humagin.New(s.engine, apiConfig(o))
	return s
}

// Handler is the whole server, for tests and for mounting.
func (s *Server) Handler() http.Handler { return s.engine }

// Engine is the router, for the few routes that are no API operations. They have no policy: the caller answers for them.
func (s *Server) Engine() *gin.Engine { return s.engine }

var configureLibraries = sync.OnceFunc(func() {
	gin.SetMode(gin.ReleaseMode)
	huma.DefaultArrayNullable = false  // {"items": null} is no list
	huma.ValidateStrictCasing = true   // ITEMS is an unknown field
	huma.ErrorFormatter = withoutInput // some messages would repeat what was submitted
	huma.NewError = newError
	huma.NewErrorWithContext = newErrorWithContext
})

func apiConfig(o Options) huma.Config {
	c := huma.DefaultConfig(o.Title, o.Version)
	c.CreateHooks = nil // no "$schema" in every reply
	c.Formats = map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaNamer(o.Service))
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearerScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	return c
}
