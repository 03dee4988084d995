package replay_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
	"marketplace/shared/replay"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/web"
)

var migrations = fstest.MapFS{"0001_first.up.sql": {Data: []byte(idempotency.Schema + "; create table effects (id bigserial, body text)")}}

// shop has a POST without anything in its path, one with an id and no body, and one that insists on a key.
type shop struct {
	*web.Server
	url    string
	issuer *authtest.Issuer
	db     testkit.DB
}

func newShop(t *testing.T, fingerprintKey string) *shop {
	t.Helper()
	s := &shop{issuer: authtest.New(t), db: testkit.Database(t, "replay", migrations)}
	s.Server = web.New(web.Options{
		Service: "shop-service", Title: "Shop", Version: "1", Telemetry: telemetry.Nop(), FingerprintKey: []byte(fingerprintKey),
		Verifier: auth.NewVerifier(auth.VerifierOptions{JWKSURL: s.issuer.JWKSURL}),
	})
	replay.Post(s.Server, auth.SignedIn(), web.Replies[map[string]int](s.Server, huma.Operation{Path: "/api/v1/orders"}, http.StatusCreated),
		func(ctx context.Context, in *struct {
			Page int `query:"page"`
			Body struct {
				Note string `json:"note" format:"password"`
			}
		}, key idempotency.Key,
		) (idempotency.Reply, error) {
			return s.effect(ctx, key, in.Body.Note)
		})
	replay.Post(s.Server, auth.SignedIn(), huma.Operation{Path: "/api/v1/users/{id}/block", DefaultStatus: http.StatusOK},
		func(ctx context.Context, in *struct {
			ID web.ID `path:"id"`
		}, key idempotency.Key,
		) (idempotency.Reply, error) {
			return s.effect(ctx, key, string(in.ID))
		})
	replay.Post(s.Server, auth.SignedIn(), web.KeyRequired(huma.Operation{Path: "/api/v1/refunds", DefaultStatus: http.StatusNoContent}),
		func(ctx context.Context, _ *struct{}, key idempotency.Key) (idempotency.Reply, error) {
			_, err := s.effect(ctx, key, "")
			return replay.NoContent(), err
		})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

const (
	blockOne = "/users/0190a0b0-0000-7000-8000-000000000001/block"
	blockTwo = "/users/0190a0b0-0000-7000-8000-000000000002/block"
)

// effect leaves a row, whose number is in the reply.
func (s *shop) effect(ctx context.Context, key idempotency.Key, body string) (idempotency.Reply, error) {
	answer := idempotency.Answer[int]{Key: key, Render: func(n int) (idempotency.Reply, error) {
		return replay.Reply(http.StatusCreated, map[string]int{"n": n}, n, "/things")
	}}
	return idempotency.Do(ctx, s.db.Pool, key, func() (reply idempotency.Reply, err error) {
		var n int
		err = postgres.InBatches(ctx, s.db.Pool,
			func(b *pgx.Batch) {
				answer.Claim(b)
				b.Queue("insert into effects (body) values ($1) returning id", body).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
			},
			func(b *pgx.Batch) (err error) {
				reply, err = answer.Save(b, n)
				return err
			})
		return reply, err
	})
}

func (s *shop) effects(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, s.db.Pool.QueryRow(t.Context(), "select count(*) from effects").Scan(&n))
	return n
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) code(t *testing.T) string {
	t.Helper()
	var p web.Problem
	require.NoError(t, json.Unmarshal([]byte(a.body), &p), a.body)
	return p.Code
}

func (s *shop) post(t *testing.T, user, path, key, body string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.url+"/api/v1"+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.issuer.As(t, user))
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, string(text)}
}

func TestPost_P19_TheFirstReplyComesAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	for _, c := range []struct{ path, body string }{{"/orders", `{"note":"a"}`}, {blockOne, ""}} {
		first := s.post(t, "alice", c.path, "k", c.body)
		require.Equal(t, http.StatusCreated, first.status, first.body)
		again := s.post(t, "alice", c.path, "k", c.body)
		require.Equal(t, first.status, again.status)
		require.Equal(t, first.body, again.body)
		for _, name := range []string{"Content-Type", "ETag", "Location"} {
			require.NotEmpty(t, first.header.Get(name))
			require.Equal(t, first.header.Get(name), again.header.Get(name))
		}
	}
	require.Equal(t, 2, s.effects(t))
	for range 2 {
		r := s.post(t, "alice", "/refunds", "k", "")
		require.Equal(t, http.StatusNoContent, r.status)
		require.Empty(t, r.body)
	}
	require.Equal(t, 3, s.effects(t))
	s.post(t, "alice", "/orders", "", `{"note":"a"}`)
	s.post(t, "alice", "/orders", "", `{"note":"a"}`)
	require.Equal(t, 5, s.effects(t), "without a key each request has its effect")
}

func TestPost_P20_TheSameKeyForAnotherRequestIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, "secret")
	s.post(t, "alice", "/orders", "k", `{"note":"a"}`)
	s.post(t, "alice", blockOne, "k", "")
	for _, c := range []struct{ path, body string }{
		{"/orders", `{"note":"b"}`},
		{"/orders", `{"note": "a"}`},
		{"/orders?page=1", `{"note":"a"}`},
		{blockTwo, ""},
	} {
		r := s.post(t, "alice", c.path, "k", c.body)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, c)
		require.Equal(t, "idempotency_key_reused", r.code(t))
	}
	require.Equal(t, 2, s.effects(t))
}

func TestPost_P22_KeysAreTheCallersInARoute(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	for i, c := range []struct{ user, path, body string }{
		{"alice", "/orders", `{"note":"a"}`}, {"bob", "/orders", `{"note":"b"}`}, {"alice", blockOne, ""},
	} {
		require.Contains(t, s.post(t, c.user, c.path, "k", c.body).body, `"n":`)
		require.Equal(t, i+1, s.effects(t))
	}
}

func TestPost_RefusesAKeyThatIsNone(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	r := s.post(t, "alice", "/refunds", "", "")
	require.Equal(t, "idempotency_key_required", r.code(t))
	require.Contains(t, r.body, "header.Idempotency-Key")
	for _, key := range []string{strings.Repeat("k", 256), "\xff", "ä", "a\tb"} {
		r := s.post(t, "alice", "/orders", key, `{"note":"a"}`)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, "%q", key)
		require.Equal(t, "invalid", r.code(t))
		require.Contains(t, r.body, "header.Idempotency-Key")
	}
	require.Zero(t, s.effects(t))
	require.Equal(t, http.StatusCreated, s.post(t, "alice", "/orders", strings.Repeat("~", 255), `{"note":"a"}`).status)
}

func TestPost_AFingerprintWithAKeySaysNothingAboutTheBody(t *testing.T) {
	t.Parallel()
	const body = `{"note":"a password"}`
	for _, key := range []string{"", "secret"} {
		s := newShop(t, key)
		s.post(t, "alice", "/orders", "k", body)
		var kept []byte
		require.NoError(t, s.db.Pool.QueryRow(t.Context(), "select body_hash from idempotency_keys").Scan(&kept))
		plain := sha256.Sum256([]byte(body))
		require.Equal(t, key == "", string(plain[:]) == string(kept))
	}
}

// Whoever adds a POST decides how it takes a repeated request; it is documented, and does not depend on memory.
func TestHandle_EveryPostSaysHowItTakesARepeatedRequest(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	once := func(context.Context, *struct{}, idempotency.Key) (idempotency.Reply, error) {
		return replay.NoContent(), nil
	}
	op := func(method string) huma.Operation { return huma.Operation{Method: method, Path: "/api/v1/new"} }
	require.PanicsWithValue(t, "web: POST /api/v1/new: a POST, and nothing else, says how it takes a repeated request: replay.Post or web.WithoutKey",
		func() { web.Handle(s.Server, auth.SignedIn(), op("POST"), nothing) })
	require.Panics(t, func() { web.Handle(s.Server, auth.SignedIn(), web.KeyRequired(op("PUT")), nothing) })
	require.PanicsWithValue(t, "web: POST /api/v1/newer: a public operation cannot take an Idempotency-Key",
		func() { replay.Post(s.Server, auth.Public(), huma.Operation{Path: "/api/v1/newer"}, once) })
	web.Handle(s.Server, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/api/v1/hints"}, "A hint changes nothing."), nothing)

	res, err := http.Get(s.url + "/openapi.json")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var doc struct {
		Paths map[string]map[string]struct {
			Description string
			Parameters  []struct {
				Name, In string
				Required bool
			}
			Responses map[string]struct{ Content map[string]any }
		}
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&doc))
	for path, required := range map[string]bool{"/api/v1/orders": false, "/api/v1/users/{id}/block": false, "/api/v1/refunds": true} {
		found := false
		for _, p := range doc.Paths[path]["post"].Parameters {
			if found = found || p.Name == "Idempotency-Key"; p.Name == "Idempotency-Key" {
				require.Equal(t, "header", p.In)
				require.Equal(t, required, p.Required)
			}
		}
		require.True(t, found, path)
	}
	require.Empty(t, doc.Paths["/api/v1/refunds"]["post"].Responses["204"].Content)
	require.Equal(t, "An `Idempotency-Key` has no effect here. A hint changes nothing.", doc.Paths["/api/v1/hints"]["post"].Description)
}
