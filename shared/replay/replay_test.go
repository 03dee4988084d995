package replay_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

func TestReply_P19_IsSentAsItIsStored(t *testing.T) {
	reply, err := replay.Reply(http.StatusCreated, map[string]int{"n": 1}, 3, "/things/1")
	require.NoError(t, err)
	sent, err := replay.Sent(reply, nil)
	require.NoError(t, err)
	require.Equal(t, &web.Raw{
		Status: http.StatusCreated, ContentType: "application/json", ETag: `"3"`, Location: "/things/1", Body: []byte(`{"n":1}`),
	}, sent)

	reply, err = replay.Reply(http.StatusOK, nil, 0, "")
	require.NoError(t, err)
	require.Empty(t, reply.Header["ETag"])
	_, err = replay.Reply(http.StatusOK, func() {}, 0, "")
	require.Error(t, err)
	refused := errors.New("no")
	_, err = replay.Sent(reply, refused)
	require.Equal(t, refused, err)
}

func TestKey_P22_IsTheCallers(t *testing.T) {
	ctx := auth.With(t.Context(), auth.Identity{UserID: "alice"})
	require.Equal(t, idempotency.NewKey("alice", "POST /things", "k", []byte("b")), replay.Key(ctx, "POST /things", "k", []byte("b")))
}
