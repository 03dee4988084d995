package web

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/auth"
	"marketplace/shared/inspect"
	"marketplace/shared/telemetry"
)

// DefaultTimeout is the time of a handler when Options do not give another.
const DefaultTimeout = 10 * time.Second

// Options are the choices of New.
type Options struct {
	Service        string // as its folder; the first word becomes the prefix of its schemas
	Title          string // of the OpenAPI document
	Version        string
	Telemetry      *telemetry.Telemetry
	Verifier       *auth.Verifier
	Checks         []Check
	MaxBody        int64         // of a request, in bytes; DefaultMaxBody when 0. A route may have another: huma.Operation.MaxBodyBytes
	Timeout        time.Duration // of a handler; DefaultTimeout when 0. A route may have another: WithTimeout
	TrustedProxies []string      // addresses or CIDRs whose X-Forwarded-For is believed; none when empty
	FingerprintKey []byte        // makes the fingerprints of requests useless for guessing what a body held; none when empty
	// Public: strangers reach this server. Its metrics are served elsewhere (package inspect), and of a trace that a client says it is in,
	// only a link is kept: the client decides neither our trace ids nor what is sampled. A trusted proxy's trace goes on.
	Public  bool
	OpenAPI http.Handler // serves /openapi.json; the document of the server's own operations when nil
}

// Server is a service's REST side. Routes are registered before it serves.
type Server struct {
	options Options
	log     zerolog.Logger
	tracer  trace.Tracer
	metrics *metrics
	engine  *gin.Engine
	api     huma.API
	routes  []Route
	trusted []netip.Prefix // of Options.TrustedProxies
	// registered is the operation that was registered last, as huma has completed it.
	registered *huma.Operation
	probed     probed
	stopping   chan struct{} // closed when the drain begins
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
	s.trusted = networks(o.TrustedProxies)
	// Registered before the edge: probes and scrapes are neither traced nor counted.
	s.read("/health/live", s.live)
	s.read("/health/ready", s.ready)
	if !o.Public {
		s.read("/metrics", gin.WrapH(inspect.Metrics(o.Telemetry.Registry)))
	}
	if o.OpenAPI == nil {
		o.OpenAPI = s.document()
	}
	s.read("/openapi.json", gin.WrapH(o.OpenAPI))
	s.engine.Use(s.edge)
	s.engine.NoRoute(func(c *gin.Context) { s.write(c, problemFor(http.StatusNotFound)) })
	s.engine.NoMethod(func(c *gin.Context) { s.write(c, problemFor(http.StatusMethodNotAllowed)) })
	s.api = newAPI(s.engine, apiConfig(o))
	s.api.OpenAPI().OnAddOperation = append(s.api.OpenAPI().OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) { s.registered = op })
	return s
}

// read adds a route of the server's own, which GET and HEAD reach.
func (s *Server) read(path string, handle gin.HandlerFunc) {
	s.engine.Match([]string{http.MethodGet, http.MethodHead}, path, handle)
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
	c.Formats = map[string]huma.Format{mediaJSON: huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaNamer(o.Service))
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearerScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	return c
}
