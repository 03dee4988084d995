package web

import (
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// content refuses a body in a coding or a type that the operation does not read, before the body is read, and gives huma, which compares
// byte for byte, the type as it is registered.
func (s *Server) content(h huma.Context, next func(huma.Context)) {
	body := h.Operation().RequestBody
	if body == nil {
		next(h)
		return
	}
	c := humagin.Unwrap(h)
	if !plainCoding(c.Request.Header.Get("Content-Encoding")) {
		p := problemFor(http.StatusUnsupportedMediaType)
		p.Detail = "Send the body without a content coding."
		c.Header("Accept-Encoding", "identity") // RFC 9110, 15.5.16
		s.write(c, p)
		return
	}
	if body.Content[mediaJSON] != nil {
		if given := c.Request.Header.Get("Content-Type"); given != "" && given != mediaJSON {
			known, ok := knownType(body, given)
			if !ok {
				s.write(c, problemFor(http.StatusUnsupportedMediaType))
				return
			}
			c.Request.Header.Set("Content-Type", known)
		}
	}
	next(h)
}

// plainCoding says whether a Content-Encoding leaves the body as it is.
func plainCoding(list string) bool {
	for coding := range strings.SplitSeq(list, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return false
		}
	}
	return true
}

// knownType is the type under which huma reads a body of the given Content-Type (RFC 9110, 8.3): application/json, a type that is written as
// JSON (+json), or another that the operation names, which keeps its parameters. JSON is UTF-8 (RFC 8259, 8.1).
func knownType(body *huma.RequestBody, given string) (string, bool) {
	media, parameters, err := mime.ParseMediaType(given)
	if err != nil {
		return "", false
	}
	if media != mediaJSON && !strings.HasSuffix(media, "+json") {
		return given, body.Content[media] != nil && media != "application/octet-stream" // which RawBody adds beside JSON
	}
	charset, ok := parameters["charset"]
	return mediaJSON, !ok || strings.EqualFold(charset, "utf-8")
}
