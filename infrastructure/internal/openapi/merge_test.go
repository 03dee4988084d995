package openapi

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMerge_TheSameTwiceIsNoClashAndTheFirstOfTwoWins(t *testing.T) {
	t.Parallel()
	read := func(text string) document {
		d, err := parse([]byte(text))
		require.NoError(t, err)
		return d
	}
	whole, clashes := merge(map[string]document{
		"b": read(`{"openapi":"3.1.0","tags":[{"name":"x","description":"late"}],"paths":{"/api/v1/b":{"get":{}},"/health":{}},
			"components":{"schemas":{"Money":{"type": "object"},"Thing":{"type":"string"}}}}`),
		"a": read(`{"openapi":"3.1.1","tags":[{"name":"x"},{"name":"w"}],"paths":{"/api/v1/a":{},"/.well-known/jwks.json":{}},
			"components":{"schemas":{"Money":{"type":"object"},"Thing":{"type":"number"}},"securitySchemes":{"bearer":{}}}}`),
	})
	require.Equal(t, []string{"Thing"}, clashes)
	require.Equal(t, json.RawMessage(`{"type":"number"}`), whole.Components["schemas"]["Thing"])
	require.Equal(t, []tag{{Name: "w"}, {Name: "x", Description: "late"}}, whole.Tags)
	require.Len(t, whole.Paths, 3)
	require.NotContains(t, whole.Paths, "/health")
	require.Contains(t, whole.Components["securitySchemes"], "bearer")
}

func TestParse_RefusesWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "<html>", "{}", `{"openapi":"2.0","paths":{"/a":{}}}`, `{"openapi":"3.1.0","paths":{}}`} {
		_, err := parse([]byte(text))
		require.Error(t, err, text)
	}
}
