package sandbox_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/shared/testkit"
)

// A payment-service in production takes no processor without https, so the sandbox can speak it.
func TestTLS_TheSandboxAnswersByHTTPS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate, and a client that trusts it
	t.Cleanup(s.Close)
	cfg := sandboxtest.Config(t, testkit.Database(t, "sandbox", store.Migrations()))
	cfg.TLSCert, cfg.TLSKey = certificate(t, s)
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- sandbox.Run(ctx, cfg) }()

	url := fmt.Sprintf("https://127.0.0.1:%d/health/ready", cfg.ServerPort)
	testkit.Eventually(t, time.Minute, func() error {
		reply, err := s.Client().Get(url)
		if err != nil {
			return err
		}
		return reply.Body.Close()
	})
	s.Client().CloseIdleConnections()
	_, err := http.Get(url)
	require.ErrorAs(t, err, new(x509.UnknownAuthorityError))
	stop()
	require.NoError(t, <-ended)
}

func TestConfig_ACertificateHasItsKey(t *testing.T) {
	t.Setenv("CONSUL_URL", "")
	t.Setenv("TLS_CERT_FILE", "cert.pem")
	_, err := sandbox.Load()
	require.ErrorContains(t, err, "TLS_KEY_FILE")
}

// certificate writes the server's certificate and key.
func certificate(t *testing.T, s *httptest.Server) (cert, key string) {
	t.Helper()
	own := s.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	require.NoError(t, err)
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: own.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	return cert, key
}
