package ids_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/ids"
)

func TestValid_AnIDHasOneSpelling(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(ids.Pattern)
	id := uuid.Must(uuid.NewV7()).String()
	require.True(t, ids.Valid(id))
	require.True(t, pattern.MatchString(id))
	for _, other := range []string{
		"", "17", "null", strings.ToUpper(id), strings.ToUpper(id[:1]) + "F" + id[2:], "{" + id + "}", "urn:uuid:" + id,
		strings.ReplaceAll(id, "-", ""), id + " ", " " + id, id + "\n", id[:35], id + "0", id[:35] + "g", id[:35] + "\x00",
		id[:8] + "0" + id[9:], "٠" + id[2:], strings.Repeat("-", 36),
	} {
		require.False(t, ids.Valid(other), "%q", other)
		require.False(t, pattern.MatchString(other), "%q", other)
	}
}

func FuzzValid_AgreesWithThePattern(f *testing.F) {
	f.Add("0190a0b0-0000-7000-8000-00000000000f")
	f.Add("0190A0B0-0000-7000-8000-00000000000F")
	pattern := regexp.MustCompile(ids.Pattern)
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, pattern.MatchString(text), ids.Valid(text))
	})
}
