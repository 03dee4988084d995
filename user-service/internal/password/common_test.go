package password

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsCommon_IsWhatGuessersTryFirst(t *testing.T) {
	for given, want := range map[string]bool{
		"password": true, "Password1": true, "12345678": true, "QWERTYUIOP": true, "iloveyou": true, " password ": true,
		"aaaaaaaa": true, "AAAAaaaa": true, "        ": true, "\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000": true, " \t \t \t \t \t": true, "ééééééééé": true, "........": true,
		"correct horse battery": false, "aaaaaaab": false, "marketplace-admin": false, "абракадабра": false, "pässwörd 7": false,
	} {
		require.Equal(t, want, IsCommon(given), "%q", given)
	}
	require.Greater(t, len(common()), 5_000)
}
