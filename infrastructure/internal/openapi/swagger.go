package openapi

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// uiPath is where Swagger UI is served, with everything below it.
const uiPath = "/swagger/"

// Register adds Swagger UI over the merged document.
func Register(engine *gin.Engine) {
	read := []string{http.MethodGet, http.MethodHead}
	engine.Match(read, uiPath+"*file", gin.WrapH(ui()))
	engine.Match(read, strings.TrimSuffix(uiPath, "/"), func(c *gin.Context) {
		c.Redirect(http.StatusMovedPermanently, uiPath+"index.html")
	})
}

// ui loads nothing from elsewhere, and its page may not do so.
func ui() http.Handler {
	files := v5emb.NewHandlerWithConfig(swgui.Config{
		Title:       "Marketplace API",
		SwaggerJSON: "/openapi.json",
		BasePath:    uiPath,
		SettingsUI: map[string]string{
			"docExpansion":             `"list"`,
			"filter":                   "true",
			"tagsSorter":               `"alpha"`,
			"persistAuthorization":     "true",
			"defaultModelsExpandDepth": "-1",
			"tryItOutEnabled":          "true",
		},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The page's own script is inline, as is the style that Swagger UI sets.
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		if strings.HasSuffix(r.URL.Path, "/index.html") {
			page := r.Clone(r.Context())
			page.URL.Path = uiPath
			r = page
		}
		files.ServeHTTP(w, r)
	})
}
