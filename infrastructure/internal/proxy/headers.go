package proxy

import (
	"net/http"
	"net/http/httputil"
	"strings"

	"github.com/gin-gonic/gin"

	"marketplace/shared/web"
)

const (
	forwardedHost  = "X-Forwarded-Host"
	forwardedProto = "X-Forwarded-Proto"
)

// untrusted are the beginnings of headers by which a proxy speaks of the client. They are believed from nobody but a
// trusted proxy (promise 34); X-User-* has been dropped before.
var untrusted = []string{"X-Forwarded-", "Forwarded", "X-Real-Ip", "X-Original-", "X-Rewrite-", "True-Client-Ip"}

// forwarded leaves in the request what the service may believe: how the client reached the first of our proxies.
func forwarded(c *gin.Context) {
	header := c.Request.Header
	host, proto := c.Request.Host, "http"
	if c.Request.TLS != nil {
		proto = "https"
	}
	if web.FromTrustedProxy(c.Request.Context()) {
		if said := header.Get(forwardedHost); said != "" {
			host = said
		}
		if header.Get(forwardedProto) == "https" {
			proto = "https"
		}
	}
	for name := range header {
		for _, beginning := range untrusted {
			if strings.HasPrefix(name, beginning) {
				delete(header, name)
			}
		}
	}
	header.Set(forwardedHost, host)
	header.Set(forwardedProto, proto)
}

// direct points the outgoing request at a service. ReverseProxy has removed the forwarding headers from it.
func direct(r *httputil.ProxyRequest, service string) {
	ctx := r.In.Context()
	r.Out.URL.Scheme, r.Out.URL.Host = "http", service
	r.Out.Host = ""
	if r.Out.Method == http.MethodHead {
		r.Out.Method = http.MethodGet // the services know reads; our own server leaves the body out (RFC 9110, 9.3.2)
	}
	header := r.Out.Header
	header.Del("Expect") // answered here: net/http says 100 Continue when the body is read
	header.Set("X-Request-ID", web.RequestID(ctx))
	header.Set("X-Forwarded-For", web.ClientIP(ctx))
	header.Set(forwardedHost, r.In.Header.Get(forwardedHost))
	header.Set(forwardedProto, r.In.Header.Get(forwardedProto))
}

// cleanReply removes what this server has set already, so that nothing comes twice.
func cleanReply(reply *http.Response) error {
	for _, name := range []string{"X-Request-ID", "X-Content-Type-Options"} {
		reply.Header.Del(name)
	}
	return nil
}
