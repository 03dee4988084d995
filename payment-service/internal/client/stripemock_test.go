package client_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/config"
	"marketplace/shared/testkit"
)

// stripe-mock answers with fixtures, but refuses every request that Stripe's OpenAPI description does not allow. So it
// shows what the sandbox, which we wrote ourselves, cannot: that both speak Stripe's language.
func stripeMock(t *testing.T) string {
	t.Helper()
	root, ok := testkit.Root()
	require.True(t, ok, "the workspace's root")
	binary := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.Command("go", "build", "-o", binary, "github.com/stripe/stripe-mock")
	build.Dir = filepath.Join(root, "infrastructure", "tools", "stripe-mock")
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	mock := exec.Command(binary, "-http-addr", "127.0.0.1:", "-https-addr", "127.0.0.1:") // ports that the system chooses
	said, err := mock.StdoutPipe()
	require.NoError(t, err)
	mock.Stderr = mock.Stdout
	require.NoError(t, mock.Start())
	t.Cleanup(func() {
		_ = mock.Process.Kill()
		_ = mock.Wait()
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "HTTP at address: "); ok {
			go func() { _, _ = io.Copy(io.Discard, said) }() // ends with the process
			return "http://" + address
		}
	}
	require.Fail(t, "stripe-mock did not start")
	return ""
}

const mockKey = "sk_test_123"

func TestStripeMock_AcceptsWhatTheAdapterSends(t *testing.T) {
	t.Parallel()
	a := adapter(t, stripeMock(t), func(o *client.Options) { o.SecretKey = config.Secret(mockKey) })
	c, err := a.Charge(t.Context(), client.ChargeRequest{
		PaymentID: "p1", OrderID: "o1", Amount: cents(1299), Method: "pm_card_visa", Key: "pay_p1",
	})
	require.NoError(t, err)
	require.NotEmpty(t, c.IntentID)
	require.NotEqual(t, domain.FactDeclined, c.Kind, "a refused request would be a fact: %+v", c.Failure)
	require.NotZero(t, c.Amount.Amount)

	c, err = a.Retrieve(t.Context(), "pi_1")
	require.NoError(t, err)
	require.NotEmpty(t, c.IntentID)
	_, err = a.CancelIntent(t.Context(), "pi_1")
	require.NoError(t, err)
	_, _, _, err = a.FindByPaymentID(t.Context(), "p1", time.Now(), "")
	require.NoError(t, err)

	r, err := a.Refund(t.Context(), client.RefundRequest{RefundID: "r1", PaymentID: "p1", IntentID: "pi_1", Amount: cents(100), Key: "ref_r1"})
	require.NoError(t, err)
	require.NotEmpty(t, r.ProviderID)
	require.Nil(t, r.Failure)
	_, err = a.RetrieveRefund(t.Context(), "re_1")
	require.NoError(t, err)
	_, _, err = a.FindRefund(t.Context(), "pi_1", "r1")
	require.NoError(t, err)
}

// Every field that the sandbox sends is one of Stripe's, of the same JSON type.
func TestStripeMock_SandboxHasItsShapes(t *testing.T) {
	t.Parallel()
	mock, own := stripeMock(t), sandboxtest.Start(t).URL
	made := fetch(t, own, sandboxtest.Key, "POST", "/v1/payment_intents", url.Values{
		"amount": {"1299"}, "currency": {"usd"}, "payment_method": {"pm_card_visa"}, "payment_method_types[0]": {"card"},
		"confirm": {"true"}, "expand[0]": {"latest_charge"}, "metadata[payment_id]": {"p1"},
	})
	intent := made["id"].(string)
	refund := fetch(t, own, sandboxtest.Key, "POST", "/v1/refunds", url.Values{"payment_intent": {intent}, "amount": {"5"}})
	for _, c := range []struct{ method, path, of string }{
		{"GET", "/v1/payment_intents/%s?expand[0]=latest_charge", intent},
		{"GET", "/v1/payment_intents?limit=1", ""},
		{"GET", "/v1/payment_intents/search?query=" + url.QueryEscape("metadata['payment_id']:'p1'"), ""},
		{"GET", "/v1/refunds/%s", refund["id"].(string)},
		{"GET", "/v1/refunds?payment_intent=" + intent, ""},
	} {
		path := c.path
		if c.of != "" {
			path = fmt.Sprintf(c.path, c.of)
		}
		compare(t, path, fetch(t, mock, mockKey, c.method, path, nil), fetch(t, own, sandboxtest.Key, c.method, path, nil))
	}
}

func fetch(t *testing.T, base, key, method, path string, form url.Values) map[string]any {
	t.Helper()
	req, err := http.NewRequest(method, base+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode, "%s %s: %s", method, path, body)
	var o map[string]any
	require.NoError(t, json.Unmarshal(body, &o))
	return o
}

// compare looks at objects and the first elements of lists; null says nothing, and metadata are the caller's own.
func compare(t *testing.T, at string, stripes, ours any) {
	t.Helper()
	if stripes == nil || ours == nil {
		return
	}
	require.IsType(t, stripes, ours, at)
	switch ours := ours.(type) {
	case map[string]any:
		for name, value := range ours {
			theirs, ok := stripes.(map[string]any)[name]
			require.True(t, ok || name == "next_page", "%s: Stripe has no %s", at, name) // its fixtures are all on the last page
			if name != "metadata" {
				compare(t, at+"."+name, theirs, value)
			}
		}
	case []any:
		if other := stripes.([]any); len(ours) > 0 && len(other) > 0 {
			compare(t, at+"[0]", other[0], ours[0])
		}
	}
}
