package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/shared/testkit"
)

// A processor that is killed under load has charged each payment once or not at all, tells every caller who asks again what
// it told before, and announces all of it.
func TestCrash_KilledUnderLoad(t *testing.T) {
	t.Parallel()
	const payments, killAfter = 300, 100
	binary := filepath.Join(t.TempDir(), "sandbox")
	out, err := exec.Command("go", "build", "-o", binary, "marketplace/payment-service/cmd/sandbox").CombinedOutput()
	require.NoError(t, err, "%s", out)
	endpoint := sandboxtest.NewEndpoint(t)
	db := testkit.Database(t, "sandbox", store.Migrations())
	cfg := sandboxtest.Config(t, db)
	address := fmt.Sprintf("http://127.0.0.1:%d", cfg.ServerPort)
	start := func() *exec.Cmd {
		c := exec.Command(binary)
		c.Dir = t.TempDir()
		c.Env = append(os.Environ(),
			fmt.Sprintf("SANDBOX_SERVER_PORT=%d", cfg.ServerPort), "SANDBOX_DATABASE_URL="+db.URL, fmt.Sprintf("SANDBOX_DATABASE_MAX_CONNS=%d", cfg.MaxConns), "SANDBOX_LOG_LEVEL=warn",
			"SANDBOX_STRIPE_SECRET_KEY="+sandboxtest.Key, "SANDBOX_WEBHOOK_URL="+endpoint.URL,
			"SANDBOX_WEBHOOK_SECRET="+sandboxtest.WebhookSecret, "ENVIRONMENT=development")
		c.Stderr = os.Stderr
		require.NoError(t, c.Start())
		sandboxtest.AwaitReady(t, address)
		return c
	}

	process := start()
	first := make([]answer, payments)
	var done atomic.Int32
	var wg sync.WaitGroup
	for worker := range 10 {
		wg.Go(func() {
			for i := worker; i < payments; i += 10 {
				first[i] = call("POST", address+"/v1/payment_intents", fmt.Sprintf("key-%d", i), payment(fmt.Sprint(i), "pm_card_visa"))
				if done.Add(1) == killAfter {
					_ = process.Process.Kill()
				}
			}
		})
	}
	wg.Wait()
	_ = process.Wait()

	process = start()
	defer func() {
		require.NoError(t, process.Process.Signal(os.Interrupt))
		require.NoError(t, process.Wait(), "an orderly stop")
	}()
	lost := 0
	for i := range payments {
		again := call("POST", address+"/v1/payment_intents", fmt.Sprintf("key-%d", i), payment(fmt.Sprint(i), "pm_card_visa"))
		require.Equal(t, 200, again.status, again.body)
		if first[i].err != nil {
			lost++
			continue
		}
		require.Equal(t, first[i].body, again.body)
	}
	require.NotZero(t, lost, "the kill hit nobody: the test shows nothing")
	count := func(query string) (n int) {
		require.NoError(t, db.Pool.QueryRow(t.Context(), query).Scan(&n))
		return n
	}
	require.Equal(t, payments, count(`SELECT count(*) FROM intents`))
	require.Equal(t, payments, count(`SELECT count(DISTINCT payment_id) FROM intents WHERE status = 'succeeded'`))
	require.Equal(t, payments, count(`SELECT count(*) FROM charges WHERE paid`))

	// What was handed over in memory before the kill comes when its lease ends.
	testkit.Eventually(t, 60*time.Second, func() error {
		told := map[string]bool{}
		for _, d := range endpoint.Got() {
			var event struct {
				Data struct {
					Object struct{ Metadata map[string]string }
				}
			}
			if err := json.Unmarshal(d.Body, &event); err != nil {
				return err
			}
			told[event.Data.Object.Metadata["payment_id"]] = true
		}
		if len(told) < payments {
			return fmt.Errorf("%d of %d payments announced", len(told), payments)
		}
		return nil
	})
}
