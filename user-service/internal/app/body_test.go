package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// All of these would be one password if what cannot be decoded were replaced by U+FFFD.
func TestPassword_TextThatCannotBeDecodedIsRefusedAndNotReplaced(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	for name, password := range map[string]string{
		"half of a pair":     `correct \ud800 horse`,
		"another half":       `correct \udbff horse`,
		"the other half":     `correct \udc00 horse`,
		"not UTF-8":          "correct \xff horse",
		"Latin-1":            "correct \xe9 horse",
		"an encoded half":    "correct \xed\xa0\x80 horse",
		"a pair turned over": `correct \ude00\ud83d horse`,
	} {
		for path, body := range map[string]string{
			"/api/v1/auth/register":     `{"email":"bob@example.com","name":"Bob","password":"` + password + `"}`,
			"/api/v1/auth/login":        `{"email":"ann@example.com","password":"` + password + `"}`,
			"/api/v1/users/me/password": `{"current_password":"` + goodPassword + `","new_password":"` + password + `"}`,
		} {
			r := u.send("POST", path, ann.access, body)
			require.Equal(t, http.StatusBadRequest, r.status, "%s, %s: %s", path, name, r.body)
			require.Equal(t, "malformed", r.code(t))
		}
	}
	r := u.send("POST", "/api/v1/auth/register", "", `{"email":"bob@example.com","name":"Bob","password":"correct \ud83d\ude00 horse"}`)
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	for password, status := range map[string]int{"correct 😀 horse": http.StatusOK, "correct \uFFFD horse": http.StatusUnauthorized} {
		require.Equal(t, status, u.send("POST", "/api/v1/auth/login", "", m{"email": "bob@example.com", "password": password}).status)
	}
}

func TestBody_NullIsRefusedWhereTheSchemaIsNotNullable(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	for _, row := range [][3]string{
		{"POST", "/api/v1/auth/refresh", `{"refresh_token":null}`},
		{"POST", "/api/v1/auth/login", `{"email":"ann@example.com","password":null}`},
		{"PATCH", "/api/v1/users/me", `{"name":null}`},
	} {
		r := u.send(row[0], row[1], ann.access, row[2])
		require.Equal(t, http.StatusUnprocessableEntity, r.status, "%s", r.body)
		require.Equal(t, "invalid", r.code(t))
	}
}

// Not parallel: it measures the memory of the process.
func TestRefresh_P42_UnknownFieldsWithoutEndCostNothing(t *testing.T) {
	u := start(t)
	var flood, small strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&flood, `"field%06d":1,`, i)
	}
	for i := range 250 {
		fmt.Fprintf(&small, `"field%04d":1,`, i)
	}
	large, fits := `{`+flood.String()+`"z":1}`, `{`+small.String()+`"z":1}`
	require.Greater(t, len(large), 1<<20)
	require.Less(t, len(fits), 4<<10)
	attack := func() {
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				for body, status := range map[string]int{large: 413, fits: 422} {
					r, err := u.try("POST", "/api/v1/auth/refresh", "", body)
					if err == nil && (r.status != status || len(r.body) > 1024) {
						t.Errorf("%d, %d bytes", r.status, len(r.body))
					}
				}
			})
		}
		all.Wait()
	}
	attack()
	before := allocated()
	attack()
	each := (allocated() - before) / 80
	t.Logf("40 requests of 1 MB and 40 of 4 KB at once allocate %d KB each, the test's own client included", each>>10)
	require.Less(t, each, uint64(256<<10))
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestRoutes_EachTellsTheLimitOfItsBody(t *testing.T) {
	t.Parallel()
	u := start(t)
	var document struct {
		Paths map[string]map[string]struct {
			Limit       int64           `json:"x-max-body-bytes"`
			RequestBody json.RawMessage `json:"requestBody"`
		}
	}
	require.NoError(t, json.Unmarshal(u.send("GET", "/openapi.json", "", nil).body, &document))
	require.NotEmpty(t, document.Paths)
	for path, operations := range document.Paths {
		for method, operation := range operations {
			if operation.RequestBody != nil {
				require.Positive(t, operation.Limit, "%s %s", method, path)
				require.LessOrEqual(t, operation.Limit, int64(4<<10), "%s %s", method, path)
			}
		}
	}
}
