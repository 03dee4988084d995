package configtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

const keyValues = "/v1/kv/"

// Store is the key-value store of the test agent, below a prefix of the test's own: a service that runs under its real name finds
// the settings of this test alone. The agent does nothing else at this address: nobody is registered or found.
type Store struct {
	URL string // of Consul, for a service's consul_url

	t testing.TB
}

// NewStore returns an empty store, which ends with the test. The service must end before.
func NewStore(t testing.TB) *Store {
	t.Helper()
	agent, err := url.Parse(testkit.Consul(t))
	require.NoError(t, err)
	prefix := testkit.Prefix(t) + "/"
	server := httptest.NewServer(keysOnly(&httputil.ReverseProxy{
		Transport: &http.Transport{DisableKeepAlives: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Path = keyValues + prefix + strings.TrimPrefix(r.In.URL.Path, keyValues)
			r.SetURL(agent)
		},
		ModifyResponse: func(r *http.Response) error { return withoutPrefix(r, prefix) },
	}))
	s := &Store{URL: server.URL, t: t}
	t.Cleanup(func() {
		s.send(http.MethodDelete, "?recurse=true", "")
		server.Close()
	})
	return s
}

func keysOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, keyValues) {
			http.Error(w, "settings only", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// withoutPrefix gives the keys of a reply the names that the service knows.
func withoutPrefix(r *http.Response, prefix string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	body = bytes.ReplaceAll(body, []byte(`"Key":"`+prefix), []byte(`"Key":"`)) // values are in base64
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// Put does what `consul kv put KEY VALUE` does.
func (s *Store) Put(key, value string) {
	s.t.Helper()
	s.send(http.MethodPut, key, value)
}

// Delete does what `consul kv delete KEY` does.
func (s *Store) Delete(key string) {
	s.t.Helper()
	s.send(http.MethodDelete, key, "")
}

func (s *Store) send(method, key, value string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+keyValues+key, strings.NewReader(value))
	require.NoError(s.t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(s.t, http.StatusOK, res.StatusCode, fmt.Sprint(method, " ", key))
}
