package edge

import (
	"strings"

	"github.com/gin-gonic/gin"

	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/web"
)

// Token refuses a bearer token that is not ours (promise 36). Whether a route needs one is the service's policy, and the
// service verifies again: so a token that was ours and has expired goes on, since a client that holds one must
// still be able to look around and to refresh it, and so does every token while the keys are away.
func Token(server *web.Server, verifier *auth.Verifier) gin.HandlerFunc {
	return func(c *gin.Context) {
		scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return
		}
		_, err := verifier.Verify(c.Request.Context(), token)
		if failed := fault.Of(err); err != nil && failed.Code == "token_invalid" {
			server.Refuse(c, failed)
		}
	}
}
