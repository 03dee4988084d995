package walk

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

// An invalid token counts as none on a public route, and is refused on all others (point 7).
func (w *walk) tokens(t *testing.T) {
	somebody, _ := w.Anyone().Register(t) // whose session no other part of the walk has ended
	valid := somebody.Token()
	invalid := map[string]string{
		"rubbish": "rubbish", "another signature": valid[:strings.LastIndex(valid, ".")] + ".AAAA", "no dots": strings.ReplaceAll(valid, ".", ""),
	}
	public := 0
	w.each(t, every, func(t *testing.T, o *operation) {
		body := any(nil)
		if o.RequestBody != nil {
			body = `{"no":1}` // refused by what comes behind the token
		}
		without := w.send(t, o, request{as: w.Anyone(), body: body})
		if o.needsToken() {
			require.Equal(t, http.StatusUnauthorized, without.Status, "without a token: %s", without.Body)
		} else {
			public++
			require.NotEqual(t, http.StatusUnauthorized, without.Status, "without a token: %s", without.Body)
		}
		for what, token := range invalid {
			reply := w.send(t, o, request{as: w.Anyone().WithToken(token), body: body})
			require.Equal(t, without.Status, reply.Status, "%s: %s", what, reply.Body)
			if !o.needsToken() {
				require.Equal(t, withoutTrace(t, without), withoutTrace(t, reply), what)
			}
		}
		if !o.needsToken() || o.Method != http.MethodGet { // a change may end the session
			return
		}
		spaced := client.Header{Name: "Authorization", Value: "Bearer   " + valid}
		reply := w.send(t, o, request{as: w.Anyone(), body: body, headers: []client.Header{spaced}})
		require.NotEqual(t, http.StatusUnauthorized, reply.Status, "several spaces: %s", reply.Body)
	})
	require.Positive(t, public)
}

// Whoever has no role but the customer's is refused what needs another, whether it exists or not (point 7).
func (w *walk) roles(t *testing.T) {
	customer, _ := w.Anyone().Register(t)
	w.each(t, (*operation).needsRole, func(t *testing.T, o *operation) {
		for what, ids := range map[string]map[string]string{"things that exist": w.idsFor(t, o), "things that do not": nil} {
			reply := w.send(t, o, request{as: customer, ids: ids, body: bodyFor(o)})
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, reply.Status, "%s: %s", what, reply.Body)
		}
	})
}

// Who may not come in hears it at once, and need not send the body that the client announced (point 13).
func (w *walk) expect(t *testing.T) {
	gateway, err := url.Parse(w.Gateway)
	require.NoError(t, err)
	w.each(t, (*operation).needsToken, func(t *testing.T, o *operation) {
		connection, err := net.DialTimeout("tcp", gateway.Host, 5*time.Second)
		require.NoError(t, err)
		defer connection.Close()
		require.NoError(t, connection.SetDeadline(time.Now().Add(5*time.Second)))
		_, err = fmt.Fprintf(connection, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"+
			"Expect: 100-continue\r\nIdempotency-Key: expect\r\n\r\n", o.Method, o.target(nil, ""), gateway.Host)
		require.NoError(t, err)
		reply, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: o.Method})
		require.NoError(t, err, "no reply to a request whose body was never sent")
		defer reply.Body.Close()
		require.Equal(t, http.StatusUnauthorized, reply.StatusCode)
	})
}
