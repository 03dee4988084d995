package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
)

func TestProducts_APatchThatChangesNothingLeavesVersionAndTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, seller := s.person(auth.RoleAdmin), s.seller()
	shelf := s.must(201, admin, "POST", "/categories", `{"name":"Lamps"}`)
	at, category := "/categories/"+shelf.Body["id"].(string), shelf.Body["id"].(string)
	for _, body := range []string{`{"name":"Lamps"}`, `{"name":" Lamps\u00a0"}`} {
		r := s.must(200, admin, "PATCH", at, body)
		require.JSONEq(t, shelf.Text, r.Text, body)
		require.Equal(t, shelf.Header.Get("ETag"), r.Header.Get("ETag"))
	}

	const lamp = `"name":"Lamp","description":"One\ntwo","price":{"amount":5,"currency":"USD"},"status":"active","attributes":{"color":"red"}`
	made := s.must(201, seller, "POST", "/products", `{"sku":"A","category_id":"`+category+`",`+lamp+`}`)
	at = "/products/" + made.Body["id"].(string)
	for _, body := range []string{
		`{}`, `{` + lamp + `}`, `{"category_id":"` + category + `"}`, `{"name":"\u200bLamp "}`, `{"description":"One \r\n two"}`,
		`{"price":{"amount":5,"currency":"USD"}}`, `{"status":"active"}`, `{"attributes":{" color":"red "}}`,
	} {
		r := s.must(200, seller, "PATCH", at, body)
		require.JSONEq(t, made.Text, r.Text, body)
		require.Equal(t, `"1"`, r.Header.Get("ETag"))
	}
	require.NotEqual(t, made.Body["updated_at"], s.must(200, seller, "PATCH", at, `{"name":"Lamp 2"}`).Body["updated_at"])
	s.must(204, seller, "DELETE", at, "")
	archived := s.must(200, seller, "GET", at, "").Text
	s.must(204, seller, "DELETE", at, "")
	require.JSONEq(t, archived, s.must(200, seller, "GET", at, "").Text, "archiving twice is archiving once")
}

// What a POST replies and what is read later are the same to the last digit of a time.
func TestProducts_RepliesArePreciselyWhatIsReadLater(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.seller()
	for _, sku := range []string{"A", "B", "C", "D", "E"} { // the last digits are often zero by chance
		made := s.must(201, seller, "POST", "/products", `{"sku":"`+sku+`","name":"Lamp","price":{"amount":5,"currency":"USD"}}`)
		at := "/products/" + made.Body["id"].(string)
		read := s.must(200, seller, "GET", at, "")
		require.JSONEq(t, made.Text, read.Text)
		changed := s.must(200, seller, "PATCH", at, `{"name":"Lamp 2"}`)
		require.JSONEq(t, changed.Text, s.must(200, seller, "GET", at, "").Text)
		for _, method := range []string{"GET", "HEAD"} {
			require.Equal(t, 304, s.call(seller, method, at, "", "If-None-Match", changed.Header.Get("ETag")).Status)
			require.Equal(t, 200, s.call(seller, method, at, "", "If-None-Match", read.Header.Get("ETag")).Status)
		}
	}
	shelf := s.must(201, s.person(auth.RoleAdmin), "POST", "/categories", `{"name":"Lamps"}`)
	require.Equal(t, shelf.Body, s.must(200, person{}, "GET", "/categories", "").Body["items"].([]any)[0])
}
