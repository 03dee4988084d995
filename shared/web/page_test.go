package web_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/web"
)

func TestCursorID(t *testing.T) {
	id := uuid.NewString()
	got, err := web.CursorID(web.EncodeCursor(id))
	require.NoError(t, err)
	require.Equal(t, id, got)
	got, err = web.CursorID("")
	require.NoError(t, err)
	require.Empty(t, got)
	for _, bad := range []string{"!!", web.EncodeCursor(17), web.EncodeCursor("x"), web.EncodeCursor("urn:uuid:" + id)} {
		_, err := web.CursorID(bad)
		require.Equal(t, "cursor_invalid", fault.Of(err).Code, bad)
		require.Equal(t, fault.Invalid, fault.Of(err).Kind)
	}
}
