package app

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProducts_NullClearsTheCategoryAndNothingElse(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	category := s.must(201, s.person("admin"), "POST", "/categories", `{"name":"Lamps"}`).Body["id"].(string)
	r := s.must(201, seller, "POST", "/products",
		`{"sku":"A","name":"Lamp","price":{"amount":5,"currency":"USD"},"category_id":"`+category+`"}`)
	at := "/products/" + r.Body["id"].(string)
	require.Equal(t, category, r.Body["category_id"])

	for _, field := range []string{"name", "description", "price", "status", "attributes"} {
		r := s.must(422, seller, "PATCH", at, `{"`+field+`":null}`)
		require.Equal(t, "invalid", r.code(), field)
		require.Contains(t, r.Text, `"location":"body.`+field+`"`)
	}
	s.must(422, seller, "PATCH", at, `{"price":{"amount":null,"currency":"USD"}}`)
	s.must(422, seller, "PATCH", at, `{"attributes":{"color":null}}`)
	require.Equal(t, category, s.must(200, seller, "PATCH", at, `{"name":"Lamp 2"}`).Body["category_id"], "absent is not null")

	r = s.must(200, seller, "PATCH", at, `{"category_id":null}`)
	require.NotContains(t, r.Body, "category_id")
	require.EqualValues(t, 3, r.Body["version"])
	require.NotContains(t, s.must(200, seller, "GET", at, "").Body, "category_id")
	require.EqualValues(t, 3, s.must(200, seller, "PATCH", at, `{"category_id":null}`).Body["version"], "it is in none already")

	r = s.must(201, seller, "POST", "/products", `{"sku":"B","name":"Lamp","price":{"amount":5,"currency":"USD"},"category_id":null}`)
	require.NotContains(t, r.Body, "category_id")
	for _, field := range []string{"description", "status", "attributes"} {
		s.must(422, seller, "POST", "/products", `{"sku":"C","name":"Lamp","price":{"amount":5,"currency":"USD"},"`+field+`":null}`)
	}
}

func TestProducts_ALongTextFitsHoweverItIsEncoded(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	long := strings.Repeat(`\ud83d\ude00`, 7_500) // 30,000 bytes, as encoders write that know ASCII only
	id := s.must(201, seller, "POST", "/products", `{"sku":"A","name":"Lamp","price":{"amount":5,"currency":"USD"},"description":"`+long+`"}`).Body["id"].(string)
	r := s.must(400, seller, "PATCH", "/products/"+id, `{"description":"\ud83d"}`)
	require.Equal(t, "malformed", r.code())
}
