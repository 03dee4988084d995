package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHoldsTag_AListIsReadAsRFC9110SaysIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list         string
		strong, weak bool
	}{
		{`"3"`, true, true},
		{`*`, true, true},
		{` * `, true, true},
		{`W/"3"`, false, true},
		{`"2", "3"`, true, true},
		{`"2","3"`, true, true},
		{`"2" ,	W/"3"`, false, true},
		{`, ,"2",, "3",`, true, true},
		{`"2,"3""`, false, false}, // the tag "2," and then a mistake
		{`"a,b", "3"`, true, true},
		{`""`, false, false},
		{`3`, false, false},
		{`"3`, false, false},
		{`w/"3"`, false, false}, // the mark of a weak tag is a capital
		{`"2" "3"`, false, false},
		{`"33"`, false, false},
		{`W/`, false, false},
		{``, false, false},
	} {
		require.Equal(t, c.strong, holdsTag(c.list, `"3"`, strong), "strong: %s", c.list)
		require.Equal(t, c.weak, holdsTag(c.list, `"3"`, weak), "weak: %s", c.list)
	}
	require.False(t, holdsTag(`W/"3"`, `W/"3"`, strong), "two weak tags are never the same in the strong sense")
	require.True(t, holdsTag(`"3"`, `W/"3"`, weak))
}
