package app

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/product-service/internal/config"
	"marketplace/product-service/internal/handler"
	"marketplace/product-service/migrations"
	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/web"
)

func TestProducts_AProductsLife(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller, visitor := s.seller(), person{}
	r := s.must(201, seller, "POST", "/products", `{"sku":"LAMP-1","name":"Настольная лампа","description":"Warm light",
		"price":{"amount":1299,"currency":"USD"},"status":"draft","attributes":{"color":"red"}}`)
	id := r.Body["id"].(string)
	require.Equal(t, "/api/v1/products/"+id, r.Header.Get("Location"))
	require.Equal(t, `"1"`, r.Header.Get("ETag"))
	require.Equal(t, seller.ID, r.Body["seller_id"])
	at := "/products/" + id

	read := s.must(200, seller, "GET", at, "")
	require.JSONEq(t, r.Text, read.Text, "what was replied is what is kept")
	require.Equal(t, "not_found", s.must(404, visitor, "GET", at, "").code(), "a draft is its seller's")

	r = s.must(200, seller, "PATCH", at, `{"status":"active","name":"Lamp"}`, "If-Match", `"1"`)
	require.Equal(t, `"2"`, r.Header.Get("ETag"))
	require.Equal(t, "Lamp", r.Body["name"])
	require.Equal(t, "Warm light", r.Body["description"])
	require.Equal(t, map[string]any{"color": "red"}, r.Body["attributes"])
	require.Equal(t, "version_mismatch", s.must(412, seller, "PATCH", at, `{"name":"Old"}`, "If-Match", `"1"`).code())
	require.Equal(t, "status_not_allowed", s.must(409, seller, "PATCH", at, `{"status":"draft"}`).code())
	r = s.must(200, seller, "PATCH", at, `{"name":"Lamp"}`)
	require.EqualValues(t, 2, r.Body["version"], "no difference, no new version")
	s.must(200, visitor, "GET", at, "")
	ids, _ := s.names(visitor, "/products", "id")
	require.Equal(t, []string{id}, ids)

	s.must(412, seller, "DELETE", at, "", "If-Match", `"1"`)
	s.must(204, seller, "DELETE", at, "", "If-Match", `"2"`)
	s.must(204, seller, "DELETE", at, "")
	require.Equal(t, "archived", s.must(200, visitor, "GET", at, "").Body["status"], "orders point at it")
	ids, _ = s.names(visitor, "/products", "id")
	require.Empty(t, ids)
	require.Equal(t, "product_archived", s.must(409, seller, "PATCH", at, `{"name":"Back"}`).code())
	s.offer(seller, "LAMP-1", 5, "") // the archived one has given its SKU free
	require.Equal(t, "sku_taken", s.must(409, seller, "POST", "/products",
		`{"sku":"LAMP-1","name":"x","price":{"amount":1,"currency":"USD"}}`).code())
	s.offer(s.seller(), "LAMP-1", 5, "")
}

func TestProducts_P32_AnotherSellersProductDoesNotExist(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner, other := s.seller(), s.seller()
	draft := s.offer(owner, "D", 5, `"status":"draft",`)
	active := s.offer(owner, "A", 5, "")
	for _, c := range []struct{ method, id, body string }{
		{"GET", draft, ""},
		{"PATCH", draft, `{"name":"Mine"}`},
		{"DELETE", draft, ""},
		{"PATCH", active, `{"name":"Mine"}`},
		{"DELETE", active, ""},
	} {
		foreign := s.must(404, other, c.method, "/products/"+c.id, c.body)
		absent := s.must(404, other, c.method, "/products/"+uuid.NewString(), c.body)
		for _, r := range []reply{foreign, absent} {
			delete(r.Body, "trace_id")
		}
		require.Equal(t, absent.Body, foreign.Body, "nothing tells them apart")
		s.must(404, other, c.method, "/products/17", c.body)
	}
	require.EqualValues(t, 1, s.must(200, owner, "GET", "/products/"+active, "").Body["version"])
	s.must(200, s.person(auth.RoleAdmin), "PATCH", "/products/"+draft, `{"name":"Moderated"}`)
}

func TestRoutes_P32_EveryRouteHasThePolicyOfTheContract(t *testing.T) {
	t.Parallel()
	server := web.New(web.Options{Service: "product-service", Telemetry: telemetry.Nop()})
	(&handler.Handler{}).Register(server)
	policies := map[string]string{}
	for _, r := range server.Routes() {
		policies[r.Method+" "+r.Path] = r.Policy.String()
	}
	require.Equal(t, map[string]string{
		"GET /api/v1/products":           "public",
		"GET /api/v1/products/{id}":      "public",
		"POST /api/v1/products":          "seller, admin",
		"PATCH /api/v1/products/{id}":    "seller, admin",
		"DELETE /api/v1/products/{id}":   "seller, admin",
		"GET /api/v1/categories":         "public",
		"POST /api/v1/categories":        "admin",
		"PATCH /api/v1/categories/{id}":  "admin",
		"DELETE /api/v1/categories/{id}": "admin",
	}, policies)
}

func TestProducts_P34_IdentityAndRoleComeFromTheToken(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := `{"sku":"A","name":"Lamp","price":{"amount":1,"currency":"USD"}}`
	forged := []string{"X-User-ID", uuid.NewString(), "X-User-Roles", "admin", "X-Forwarded-User", "admin"}
	require.Equal(t, "not_signed_in", s.must(401, person{}, "POST", "/products", body, forged...).code())
	require.Equal(t, "role_missing", s.must(403, s.person(), "POST", "/products", body, forged...).code())
	require.Equal(t, "token_invalid", s.must(401, person{token: "a.b.c"}, "POST", "/products", body, forged...).code())
	require.Equal(t, "not_signed_in", s.must(401, person{}, "GET", "/products?seller=me", "", forged...).code())
	seller := s.seller()
	require.Equal(t, seller.ID, s.must(201, seller, "POST", "/products", body, forged...).Body["seller_id"])
	require.Equal(t, "role_missing", s.must(403, seller, "POST", "/categories", `{"name":"Lamps"}`, forged...).code())
}

func TestProducts_P33_BadInputHasNoEffectAndIsNotEchoed(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	const canary = "hunter2"
	product := func(field, value string) string {
		all := map[string]string{"sku": `"A"`, "name": `"Lamp"`, "price": `{"amount":1,"currency":"USD"}`}
		all[field] = value
		var parts []string
		for name, v := range all {
			parts = append(parts, fmt.Sprintf("%q:%s", name, v))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"malformed":           {`{"sku":` + canary, 400, "malformed"},
		"null":                {`null`, 422, "invalid"},
		"extra id":            {product("id", `"`+uuid.NewString()+`"`), 422, "invalid"},
		"extra seller":        {product("seller_id", `"`+canary+`"`), 422, "invalid"},
		"extra version":       {product("version", `7`), 422, "invalid"},
		"archived":            {product("status", `"archived"`), 422, "invalid"},
		"wrong case":          {product("SKU", `"A"`), 422, "invalid"},
		"no name":             {product("name", `""`), 422, "invalid"},
		"null name":           {product("name", `null`), 422, "invalid"},
		"blank name":          {product("name", `"   "`), 422, "invalid"},
		"long name":           {product("name", `"`+strings.Repeat(canary, 30)+`"`), 422, "invalid"},
		"name with NUL":       {product("name", `"`+canary+`\u0000"`), 422, "invalid_text"},
		"bad sku":             {product("sku", `"`+canary+` 3"`), 422, "invalid"},
		"free":                {product("price", `{"amount":0,"currency":"USD"}`), 422, "invalid"},
		"negative":            {product("price", `{"amount":-734201,"currency":"USD"}`), 422, "invalid"},
		"huge":                {product("price", `{"amount":7342017342017342,"currency":"USD"}`), 422, "price_too_large"},
		"too fine":            {product("price", `{"amount":734201,"currency":"KWD"}`), 422, "price_step"},
		"currency not taken":  {product("price", `{"amount":734201,"currency":"GBP"}`), 422, "currency_unsupported"},
		"beyond int64":        {product("price", `{"amount":73420173420173420173,"currency":"USD"}`), 422, "invalid"},
		"fraction":            {product("price", `{"amount":73420.1,"currency":"USD"}`), 422, "invalid"},
		"price as text":       {product("price", `"`+canary+`"`), 422, "invalid"},
		"no currency":         {product("price", `{"amount":1}`), 422, "invalid"},
		"unknown currency":    {product("price", `{"amount":1,"currency":"QQQ"}`), 422, "invalid"},
		"extra in price":      {product("price", `{"amount":1,"currency":"USD","discount":"`+canary+`"}`), 422, "invalid"},
		"malformed category":  {product("category_id", `"`+canary+`"`), 422, "invalid"},
		"unknown category":    {product("category_id", `"`+uuid.NewString()+`"`), 422, "category_unknown"},
		"attribute no text":   {product("attributes", `{"a":{"b":1}}`), 422, "invalid"},
		"attribute's name":    {product("attributes", `{"`+canary+`":5}`), 422, "invalid"},
		"attribute too long":  {product("attributes", `{"a":"`+strings.Repeat(canary, 100)+`"}`), 422, "invalid"},
		"too many attributes": {product("attributes", tooMany()), 422, "invalid"},
		"oversized":           {product("description", `"`+strings.Repeat("x", 2<<20)+`"`), 413, "body_too_large"},
	} {
		r := s.must(c.status, seller, "POST", "/products", c.body)
		require.Equal(t, c.code, r.code(), name)
		require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"), name)
		for _, submitted := range []string{canary, "73420", "QQQ"} {
			require.NotContains(t, r.Text, submitted, name)
		}
	}
	ids, _ := s.names(seller, "/products?seller=me", "id")
	require.Empty(t, ids, "none of it had an effect")

	id := s.offer(seller, "A", 5, "")
	for _, body := range []string{
		`{"seller_id":"` + canary + `"}`, `{"sku":"B"}`, `{"version":9}`, `{"status":"archived"}`,
		`{"price":{"amount":-5,"currency":"USD"}}`, `{"category_id":""}`, `[]`,
	} {
		require.Equal(t, "invalid", s.must(422, seller, "PATCH", "/products/"+id, body).code(), body)
	}
	for _, query := range []string{"sort=cheap", "limit=0", "limit=101", "seller=x", "category=x", "seller=" + strings.Repeat("a", 36)} {
		require.Equal(t, "invalid", s.must(422, seller, "GET", "/products?"+query, "").code(), query)
	}
	for _, cursor := range []string{"x", "bnVsbA", "e30", web.NewCursor[string]("products.1", web.Page{}).Encode("'; drop table products")} {
		require.Equal(t, "cursor_invalid", s.must(422, seller, "GET", "/products?cursor="+cursor, "").code(), cursor)
	}
}

func tooMany() string {
	all := map[string]string{}
	for i := range 51 {
		all[fmt.Sprint(i)] = "x"
	}
	text, _ := json.Marshal(all)
	return string(text)
}

func TestProducts_P19_P20_P22_IdempotencyKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller, other := s.seller(), s.seller()
	body := `{"sku":"A","name":"Lamp","price":{"amount":1,"currency":"USD"}}`
	first := s.must(201, seller, "POST", "/products", body, "Idempotency-Key", "k1")
	again := s.must(201, seller, "POST", "/products", body, "Idempotency-Key", "k1")
	require.Equal(t, first.Text, again.Text)
	for _, header := range []string{"ETag", "Location", "Content-Type"} {
		require.Equal(t, first.Header.Get(header), again.Header.Get(header))
	}
	r := s.must(422, seller, "POST", "/products", strings.ReplaceAll(body, "Lamp", "Vase"), "Idempotency-Key", "k1")
	require.Equal(t, "idempotency_key_reused", r.code())
	s.must(422, seller, "POST", "/products", strings.ReplaceAll(body, ":", ": "), "Idempotency-Key", "k1") // byte for byte
	theirs := s.must(201, other, "POST", "/products", body, "Idempotency-Key", "k1")
	require.NotEqual(t, first.Body["id"], theirs.Body["id"])
	ids, _ := s.names(person{}, "/products", "id")
	require.Len(t, ids, 2)

	admin := s.person(auth.RoleAdmin)
	one := s.must(201, admin, "POST", "/categories", `{"name":"Lamps"}`, "Idempotency-Key", "k1")
	two := s.must(201, admin, "POST", "/categories", `{"name":"Lamps"}`, "Idempotency-Key", "k1")
	require.Equal(t, one.Text, two.Text)
}

func TestProducts_TwentyChangesAtOnceOneWins(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	id := s.offer(seller, "A", 5, "")
	statuses := make(chan int, 20)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			r := s.call(seller, "PATCH", "/products/"+id, fmt.Sprintf(`{"price":{"amount":%d,"currency":"USD"}}`, 100+i), "If-Match", `"1"`)
			if r.Status != 200 && r.code() != "version_mismatch" {
				t.Errorf("unexpected: %s", r.Text)
			}
			statuses <- r.Status
		})
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	require.Equal(t, map[int]int{200: 1, 412: 19}, count)
}

func TestProducts_ListsPageInEveryOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, seller := s.person(auth.RoleAdmin), s.seller()
	lamps := s.must(201, admin, "POST", "/categories", `{"name":"Lamps"}`).Body["id"].(string)
	for i, price := range []int{30, 10, 20, 20, 10} {
		s.offer(seller, fmt.Sprint("sku", i), price, "")
	}
	s.offer(seller, "draft", 1, `"status":"draft",`)
	s.offer(s.seller(), "other", 15, `"category_id":"`+lamps+`",`)

	walk := func(who person, query string) (skus []string) {
		for cursor := ""; ; {
			page, next := s.names(who, "/products?limit=2&"+query+"&cursor="+cursor, "sku")
			require.LessOrEqual(t, len(page), 2)
			skus = append(skus, page...)
			if cursor = next; cursor == "" {
				return skus
			}
		}
	}
	require.Equal(t, []string{"other", "sku4", "sku3", "sku2", "sku1", "sku0"}, walk(person{}, "sort=newest"))
	require.Equal(t, []string{"sku1", "sku4", "other", "sku2", "sku3", "sku0"}, walk(person{}, "sort=price"))
	require.Equal(t, []string{"sku0", "sku3", "sku2", "other", "sku4", "sku1"}, walk(person{}, "sort=-price"))
	require.Equal(t, []string{"other"}, walk(person{}, "category="+lamps))
	require.Equal(t, []string{"sku4", "sku3", "sku2", "sku1", "sku0"}, walk(person{}, "seller="+seller.ID))
	require.Equal(t, []string{"sku1", "sku4"}, walk(seller, "sort=price&seller="+seller.ID)[:2], "drafts only with seller=me")
	require.Equal(t, []string{"draft", "sku1"}, walk(seller, "sort=price&seller=me")[:2])
	require.Empty(t, walk(person{}, "seller="+uuid.NewString()))
}

func TestCategories(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin := s.person(auth.RoleAdmin)
	lamps := s.must(201, admin, "POST", "/categories", `{"name":"Lamps"}`)
	at := "/categories/" + lamps.Body["id"].(string)
	s.must(201, admin, "POST", "/categories", `{"name":"Books"}`)
	require.Equal(t, "category_name_taken", s.must(409, admin, "POST", "/categories", `{"name":"LAMPS"}`).code())
	require.Equal(t, "category_name_taken", s.must(409, admin, "PATCH", at, `{"name":"books"}`).code())
	names, _ := s.names(person{}, "/categories", "name")
	require.Equal(t, []string{"Books", "Lamps"}, names)

	r := s.must(200, admin, "PATCH", at, `{"name":"Lights"}`, "If-Match", `"1"`)
	require.Equal(t, `"2"`, r.Header.Get("ETag"))
	s.must(412, admin, "PATCH", at, `{"name":"x"}`, "If-Match", `"1"`)
	require.Equal(t, "invalid", s.must(422, admin, "PATCH", at, `{"name":"  "}`).code())

	product := s.offer(admin, "A", 5, `"category_id":"`+r.Body["id"].(string)+`",`)
	require.Equal(t, "category_in_use", s.must(409, admin, "DELETE", at, "").code())
	s.must(204, admin, "DELETE", "/products/"+product, "")
	books, _ := s.names(person{}, "/categories", "id")
	s.must(412, admin, "DELETE", "/categories/"+books[0], "", "If-Match", `"9"`)
	s.must(204, admin, "DELETE", "/categories/"+books[0], "", "If-Match", `"1"`)
	for _, id := range []string{books[0], uuid.NewString(), "17"} {
		require.Equal(t, "not_found", s.must(404, admin, "DELETE", "/categories/"+id, "").code())
		require.Equal(t, "not_found", s.must(404, admin, "PATCH", "/categories/"+id, `{"name":"x"}`).code())
	}
}

func TestGetProducts_OverGRPC(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	active, draft := s.offer(seller, "A", 1299, ""), s.offer(seller, "D", 5, `"status":"draft",`)
	archived := s.offer(seller, "X", 7, "")
	s.must(204, seller, "DELETE", "/products/"+archived, "")

	r, err := s.grpc.GetProducts(t.Context(), &productv1.GetProductsRequest{
		Ids: []string{active, draft, archived, active, uuid.NewString()},
	})
	require.NoError(t, err)
	got := map[string]*productv1.Product{}
	for _, p := range r.GetProducts() {
		got[p.GetId()] = p
	}
	require.Len(t, r.GetProducts(), 3)
	require.Equal(t, productv1.Status_STATUS_ACTIVE, got[active].GetStatus())
	require.Equal(t, productv1.Status_STATUS_DRAFT, got[draft].GetStatus())
	require.Equal(t, productv1.Status_STATUS_ARCHIVED, got[archived].GetStatus())
	require.EqualValues(t, 1299, got[active].GetPrice().GetAmount())
	require.Equal(t, "USD", got[active].GetPrice().GetCurrency())
	require.Equal(t, seller.ID, got[active].GetSellerId())
	require.Equal(t, "A", got[active].GetSku())
	require.Equal(t, "Desk lamp", got[active].GetName())

	r, err = s.grpc.GetProducts(t.Context(), &productv1.GetProductsRequest{})
	require.NoError(t, err)
	require.Empty(t, r.GetProducts())
	_, err = s.grpc.GetProducts(t.Context(), &productv1.GetProductsRequest{Ids: make([]string, 201)})
	require.Equal(t, "too_many_ids", fault.FromGRPC(err).Code)
	for _, bad := range []string{strings.ToUpper(active), "urn:uuid:" + active, "17", ""} {
		_, err = s.grpc.GetProducts(t.Context(), &productv1.GetProductsRequest{Ids: []string{draft, bad}})
		refused := fault.FromGRPC(err)
		require.Equal(t, fault.Invalid, refused.Kind, bad)
		require.Equal(t, "ids[1]", refused.Fields[0].Location, bad)
	}
}

func TestRun_P53_FiveReplicasStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	s := open(t)
	empty := testkit.Database(t, "product_service", migrations.Files)
	_, err := empty.Pool.Exec(t.Context(), `drop schema product_service cascade`)
	require.NoError(t, err)
	var replicas []config.Config
	for range 5 {
		cfg := s.settings(empty.URL)
		replicas = append(replicas, cfg)
		s.launch(cfg)
	}
	for _, cfg := range replicas {
		s.await(cfg)
	}
	var version int
	var dirty bool
	require.NoError(t, empty.Pool.QueryRow(t.Context(), `select version, dirty from schema_migrations`).Scan(&version, &dirty))
	files, err := fs.Glob(migrations.Files, "*.up.sql")
	require.NoError(t, err)
	require.Equal(t, len(files), version)
	require.False(t, dirty)
}
