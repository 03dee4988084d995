package web

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// dropped is how much of an unread body net/http itself reads and drops after a reply; with more it closes the connection.
	dropped = 256 << 10
	// lingerBytes and lingerTime bound what is read of a body for nothing.
	lingerBytes = 8 << 20
	lingerTime  = time.Second
)

// linger lets a refusal arrive at a client that is still sending the body which was refused. A connection that is closed while
// bytes of the body wait unread is reset, and the reset may destroy the reply before the client has read it (RFC 9112, 9.6).
// So the reply is sent, and the rest of the body is read and dropped, within bounds.
func linger(c *gin.Context, body io.Reader) {
	r := c.Request
	refused := c.Writer.Status() >= http.StatusBadRequest
	long := r.ContentLength > dropped || r.ContentLength < 0
	if !refused || !long || r.Header.Get("Expect") != "" { // who expects to be asked sends nothing after a refusal
		return
	}
	connection := http.NewResponseController(c.Writer)
	if connection.Flush() != nil || connection.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, body, lingerBytes)
}
