package edge

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID, traceparent"
	corsExposed = "ETag, Location, Retry-After, X-Request-ID"
	corsMaxAge  = "7200" // seconds that a browser remembers a preflight; Chrome's most
)

// CORS lets pages of the origins call from a browser; "*" is all of them. Credentials are never allowed: identity is the
// bearer token, which a page must hold itself (https://fetch.spec.whatwg.org/#http-cors-protocol).
func CORS(origins []string) gin.HandlerFunc {
	everyone := slices.Contains(origins, "*")
	return func(c *gin.Context) {
		// Also on replies to requests that no page has made: a cache may give those to one.
		header, origin := c.Writer.Header(), c.GetHeader("Origin")
		switch {
		case everyone:
			header.Set("Access-Control-Allow-Origin", "*")
		case slices.Contains(origins, origin):
			header.Add("Vary", "Origin")
			header.Set("Access-Control-Allow-Origin", origin)
		default:
			header.Add("Vary", "Origin")
			return // the browser keeps the reply from the page
		}
		header.Set("Access-Control-Expose-Headers", corsExposed)
		if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
			header.Set("Access-Control-Allow-Methods", corsMethods)
			header.Set("Access-Control-Allow-Headers", corsHeaders)
			header.Set("Access-Control-Max-Age", corsMaxAge)
			c.AbortWithStatus(http.StatusNoContent)
		}
	}
}
