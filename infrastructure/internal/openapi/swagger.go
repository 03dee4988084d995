package openapi

import (
	"net/http"
	"strings"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// UIPath is where Swagger UI is served, with everything below it.
const UIPath = "/swagger/"

// UI is Swagger UI over the merged document. Nothing is loaded from elsewhere, and the page may not do so.
func UI() http.Handler {
	ui := v5emb.NewHandlerWithConfig(swgui.Config{
		Title:       "Marketplace API",
		SwaggerJSON: "/openapi.json",
		BasePath:    UIPath,
		SettingsUI: map[string]string{
			"docExpansion":             `"list"`,
			"filter":                   "true",
			"persistAuthorization":     "true",
			"defaultModelsExpandDepth": "-1",
			"tryItOutEnabled":          "true",
		},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The page's own script is inline, as is the style that Swagger UI sets.
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:")
		if strings.HasSuffix(r.URL.Path, "/index.html") {
			page := r.Clone(r.Context())
			page.URL.Path = UIPath
			r = page
		}
		ui.ServeHTTP(w, r)
	})
}
