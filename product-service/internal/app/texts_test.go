package app

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
)

func TestTexts_NamesThatAreTheSameToPeopleAreOneCategory(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin := s.person(auth.RoleAdmin)
	first := s.must(201, admin, "POST", "/categories", `{"name":" Cafe\u0301\u200b "}`)
	require.Equal(t, "Café", first.Body["name"])
	for _, twin := range []string{`Café`, `\u00a0CAF\u00c9`, `Caf\ufe0f\u00e9`, `Cafe\u200b\u0301`, `caf\u200d\u00e9`} {
		require.Equal(t, "category_name_taken", s.must(409, admin, "POST", "/categories", `{"name":"`+twin+`"}`).code(), twin)
	}
	for _, wrong := range []string{`\u200b`, `\u3164`, `\u2800`, `\u00a0\u3000`, `\u0301`, `a\u202eb`, `a\u0000b`, `a\nb`, `\ue000`} {
		require.Equal(t, 422, s.call(admin, "POST", "/categories", `{"name":"`+wrong+`"}`).Status, wrong)
	}
}

func TestTexts_AProductsTextsAreKeptInTheirNormalForm(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	made := s.must(201, seller, "POST", "/products", `{"sku":"A","name":"Tee\u3000 kanne \u200b","description":" one \r\n two\u00a0 \ud83d\udc69\u200d\ud83d\ude80 ",
		"price":{"amount":1,"currency":"USD"},"attributes":{" cafe\u0301 ":"re\u0301d"}}`)
	require.Equal(t, "Tee kanne", made.Body["name"])
	require.Equal(t, "one\ntwo 👩\u200d🚀", made.Body["description"])
	require.Equal(t, map[string]any{"café": "réd"}, made.Body["attributes"])
	at := "/products/" + made.Body["id"].(string)
	require.EqualValues(t, 1, s.must(200, seller, "PATCH", at, `{"name":" Tee  kanne"}`).Body["version"], "the same name is no change")
	require.Equal(t, 422, s.call(seller, "PATCH", at, `{"attributes":{"\u200b":"x"}}`).Status)
}

func TestProducts_P42_AListLeavesOutWhatCanBeLong(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	full := `{"sku":"%d","name":"Kettle","description":"` + strings.Repeat("long ", 1000) + `","attributes":{"colour":"red"},"price":{"amount":1,"currency":"USD"}}`
	for n := range 3 {
		s.must(201, seller, "POST", "/products", fmt.Sprintf(full, n))
	}
	for _, query := range []string{"?limit=100", "?seller=me", "?sort=price"} {
		items := s.must(200, seller, "GET", "/products"+query, "").Body["items"].([]any)
		require.Len(t, items, 3)
		for _, item := range items {
			require.Equal(t, "Kettle", item.(map[string]any)["name"])
			require.NotContains(t, item, "description")
			require.NotContains(t, item, "attributes")
		}
		whole := s.must(200, person{}, "GET", "/products/"+items[0].(map[string]any)["id"].(string), "").Body
		require.NotEmpty(t, whole["description"])
		require.NotEmpty(t, whole["attributes"])
	}
}

func TestArchiving_IsNoTrap(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, seller := s.person(auth.RoleAdmin), s.seller()
	lamps := s.must(201, admin, "POST", "/categories", `{"name":"Lamps"}`).Body["id"].(string)
	product := s.offer(seller, "A", 5, `"category_id":"`+lamps+`",`)
	draft := s.offer(seller, "B", 5, `"status":"draft","category_id":"`+lamps+`",`)
	s.must(204, seller, "DELETE", "/products/"+product, "")
	require.Equal(t, "category_in_use", s.must(409, admin, "DELETE", "/categories/"+lamps, "").code(), "a draft is in it")
	s.must(204, seller, "DELETE", "/products/"+draft, "")
	before := s.must(200, seller, "GET", "/products/"+product, "").Body
	s.must(204, admin, "DELETE", "/categories/"+lamps, "")

	archived := s.must(200, seller, "GET", "/products/"+product, "").Body
	require.NotContains(t, archived, "category_id")
	require.Equal(t, "A", archived["sku"])
	require.EqualValues(t, 3, archived["version"], "archived, and taken out of its category")
	require.NotEqual(t, before["updated_at"], archived["updated_at"], "a change has its time")
	again := s.offer(seller, "A", 6, "")
	require.NotEqual(t, product, again)
	s.must(409, seller, "POST", "/products", `{"sku":"A","name":"x","price":{"amount":1,"currency":"USD"}}`)
}

func TestProducts_PricesAreComparedWithinOneCurrency(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	for i, price := range []string{`300,"currency":"USD"`, `100,"currency":"EUR"`, `200,"currency":"USD"`, `900,"currency":"JPY"`, `400,"currency":"EUR"`} {
		s.must(201, seller, "POST", "/products", fmt.Sprintf(`{"sku":"%d","name":"x","price":{"amount":%s}}`, i, price))
	}
	for query, want := range map[string][]string{
		"sort=price":               {"2", "0"},
		"sort=-price":              {"0", "2"},
		"sort=price&currency=EUR":  {"1", "4"},
		"sort=-price&currency=JPY": {"3"},
		"currency=EUR":             {"4", "1"},
		"min_price=250":            {"0"},
		"max_price=250":            {"2"},
		"min_price=100&max_price=399&currency=EUR": {"1"},
		"sort=newest":                                  {"4", "3", "2", "1", "0"},
		"currency=" + url.QueryEscape("GBP"):           {},
		"sort=price&min_price=200&seller=" + seller.ID: {"2", "0"},
	} {
		skus, _ := s.names(person{}, "/products?"+query, "sku")
		require.ElementsMatch(t, want, skus, query)
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(skus), query)
	}
	for _, wrong := range []string{"currency=usd", "currency=EURO", "min_price=0", "max_price=-1", "min_price=x"} {
		require.Equal(t, 422, s.call(person{}, "GET", "/products?"+wrong, "").Status, wrong)
	}
}
