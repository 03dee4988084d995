package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox/sandboxtest"
)

func TestControls_RefuseWhatCannotBeReadInOneWayOnly(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	for name, body := range map[string]string{
		"not UTF-8":             "{\"path\":\"/v1/\xff\",\"effect\":\"drop_before\"}",
		"half a surrogate pair": `{"path":"\ud83d","effect":"drop_before"}`,
		"a repeated name":       `{"effect":"drop_after","effect":"drop_before"}`,
		"null":                  `{"effect":"drop_before","path":null}`,
		"too large":             `{"effect":"drop_before","path":"` + strings.Repeat("a", 5<<10) + `"}`,
		"no JSON":               `{`,
		"two documents":         `{"effect":"drop_before"}{}`,
	} {
		status := control(t, s, http.MethodPost, "/sandbox/faults", body, "Bearer "+sandboxtest.Key, "application/json")
		require.Equal(t, http.StatusBadRequest, status, name)
	}
	require.Empty(t, s.Rules())
}

func TestControls_P34_WantTheKeyAndJSON(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	const key, rule = "Bearer " + sandboxtest.Key, `{"effect":"drop_before","count":-1}`
	for name, c := range map[string]struct {
		method, path, body, key, content string
		want                             int
	}{
		"no key":               {http.MethodPost, "/sandbox/faults", rule, "", "application/json", http.StatusUnauthorized},
		"another key":          {http.MethodPost, "/sandbox/faults", rule, "Bearer sk_test_other", "application/json", http.StatusUnauthorized},
		"a form of a web page": {http.MethodPost, "/sandbox/faults", rule, key, "text/plain", http.StatusUnsupportedMediaType},
		"no content type":      {http.MethodPost, "/sandbox/faults", rule, key, "", http.StatusUnsupportedMediaType},
		"list without a key":   {http.MethodGet, "/sandbox/faults", "", "", "", http.StatusUnauthorized},
		"clear without a key":  {http.MethodDelete, "/sandbox/faults", "", "", "", http.StatusUnauthorized},
		"authenticate":         {http.MethodPost, "/sandbox/payment_intents/pi_1/authenticate", `{"outcome":"succeeded"}`, "", "application/json", http.StatusUnauthorized},
		"refund":               {http.MethodPost, "/sandbox/payment_intents/pi_1/refund", `{}`, "", "application/json", http.StatusUnauthorized},
		"refund from a page":   {http.MethodPost, "/sandbox/payment_intents/pi_1/refund", `{}`, key, "text/plain", http.StatusUnsupportedMediaType},
		"dispute":              {http.MethodPost, "/sandbox/payment_intents/pi_1/dispute", `{"status":"lost"}`, "", "application/json", http.StatusUnauthorized},
	} {
		require.Equal(t, c.want, control(t, s, c.method, c.path, c.body, c.key, c.content), name)
	}
	require.Empty(t, s.Rules())
	require.Equal(t, http.StatusCreated, control(t, s, http.MethodPost, "/sandbox/faults", rule, key, "application/json; charset=utf-8"))
	require.Len(t, s.Rules(), 1)
}

func control(t *testing.T, s *sandboxtest.Sandbox, method, path, body, key, content string) int {
	t.Helper()
	request, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range map[string]string{"Authorization": key, "Content-Type": content} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}
