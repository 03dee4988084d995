package edge

import (
	"github.com/gin-gonic/gin"

	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/web"
)

// Secured says whether an operation needs a token; known is false for one that no service has described yet.
type Secured func(method, path string) (secured, known bool)

// Token refuses requests without a token of ours where one is needed (promise 36), before their body is read: who waits for 100 Continue
// never sends it. Which operations need one the services' documents say. A public one goes on without a token that is not
// ours, which counts as none there. What a service has not described yet goes on as it is, and so does every token while
// the keys are away: the service verifies again, and knows what else its policy asks for.
func Token(server *web.Server, verifier *auth.Verifier, needed Secured) gin.HandlerFunc {
	return func(c *gin.Context) {
		secured, known := needed(c.Request.Method, c.Request.URL.Path)
		if !known {
			return
		}
		token, sent := web.Bearer(c.GetHeader("Authorization"))
		if !sent {
			if secured {
				server.Refuse(c, auth.SignedIn().Allow(auth.Identity{}, false))
			}
			return
		}
		_, err := verifier.Verify(c.Request.Context(), token)
		switch {
		case err == nil || fault.Of(err).Kind != fault.Unauthenticated:
		case secured:
			server.Refuse(c, err)
		default:
			c.Request.Header.Del("Authorization")
		}
	}
}
