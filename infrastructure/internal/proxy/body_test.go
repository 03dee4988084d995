package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

func TestReceive_P42_ALengthThatIsOnlySaidCostsNoMemory(t *testing.T) {
	t.Parallel()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	body := &silent{}
	c.Request = httptest.NewRequest(http.MethodPost, "/api/v1/orders", body)
	c.Request.ContentLength = smallBody
	_, err := receive(c, Limits{MaxBody: 1 << 20, BodyTimeout: time.Minute}, time.Minute)
	require.ErrorIs(t, err, errBroken)
	require.Positive(t, body.room)
	require.LessOrEqual(t, body.room, 4<<10)
}

// silent is a body that never comes; it sees how much room was made for it.
type silent struct{ room int }

func (s *silent) Read(p []byte) (int, error) {
	s.room = max(s.room, len(p))
	return 0, io.ErrUnexpectedEOF
}
