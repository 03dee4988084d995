package web

import (
	"errors"

	"github.com/gin-gonic/gin"
)

// Refuse answers a request of a route that is no API operation (Engine) with a problem, and keeps its cause for the log.
func (s *Server) Refuse(c *gin.Context, err error) {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		p = s.refuse(c.Request.Context(), err)
	}
	s.write(c, p)
}

// ProblemFor is the problem of a status that no fault stands behind, such as 404, 408 or 413.
func ProblemFor(status int) *Problem { return problemFor(status) }
