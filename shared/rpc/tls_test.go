package rpc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"marketplace/shared/fault"
)

func TestTLS_P35_OnlyTheMethodsListedCallers(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	p := &program{}
	addr := serve(t, p, ServerOptions{
		Production: true,
		TLS:        ours.issue(t, "product-service"),
		Callers:    map[string][]string{testgrpc.TestService_EmptyCall_FullMethodName: {"order-service"}},
	}).addr
	as := func(config *tls.Config) testgrpc.TestServiceClient {
		return dial(t, DialOptions{Target: "product-service", Fallback: addr, TLS: config})
	}

	require.NoError(t, call(t.Context(), as(ours.issue(t, "order-service"))))

	err := call(t.Context(), as(ours.issue(t, "user-service")))
	require.ErrorIs(t, err, errCaller)
	_, err = as(ours.issue(t, "order-service")).UnaryCall(t.Context(), &testgrpc.SimpleRequest{})
	require.ErrorIs(t, err, errCaller, "a method that is not listed takes nobody")

	stream, err := as(ours.issue(t, "order-service")).FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = stream.Recv()
	require.ErrorIs(t, fault.FromGRPC(err), errCaller, "nor does a stream")

	forged := theirs.issue(t, "order-service")
	forged.RootCAs = ours.issue(t, "x").RootCAs
	for name, config := range map[string]*tls.Config{"forged": forged, "no TLS at all": nil} {
		require.Equal(t, fault.Unavailable, fault.Of(call(t.Context(), as(config))).Kind, name)
	}
	impostor := dial(t, DialOptions{Target: "payment-service", Fallback: addr, TLS: ours.issue(t, "order-service")})
	require.Error(t, call(t.Context(), impostor), "a server that is not the one asked for")
	require.EqualValues(t, 1, p.calls.Load())
}

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a := &authority{key: key, certificate: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	raw, err := x509.CreateCertificate(rand.Reader, a.certificate, a.certificate, &key.PublicKey, key)
	require.NoError(t, err)
	a.certificate, err = x509.ParseCertificate(raw)
	require.NoError(t, err)
	return a
}

func TestMutualTLS_WithoutACertificateIsInTheClear(t *testing.T) {
	config, err := MutualTLS("", "", "")
	require.NoError(t, err)
	require.Nil(t, config)
	_, err = MutualTLS("/no/such/file", "", "")
	require.Error(t, err)
}

// issue writes a certificate for name to files and reads them as an operator's.
func (a *authority) issue(t *testing.T, name string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.certificate, &key.PublicKey, a.key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)

	dir := t.TempDir()
	file := func(name, kind string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
		return path
	}
	config, err := MutualTLS(file("cert.pem", "CERTIFICATE", raw), file("key.pem", "PRIVATE KEY", secret),
		file("authority.pem", "CERTIFICATE", a.certificate.Raw))
	require.NoError(t, err)
	return config
}
