package walk

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const small = `{"paths":{"/shelves/{id}":{"patch":{
	"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string","format":"uuid"}}],
	"security":[{"bearer":["seller"]},{"bearer":["admin"]}],"x-max-body-bytes":100,
	"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Shelf"}}}}}}},
	"components":{"schemas":{"Shelf":{"type":"object","additionalProperties":false,"properties":{
		"name":{"type":"string","x-text":"line","maxLength":9},
		"note":{"type":["string","null"]},
		"above":{"$ref":"#/components/schemas/Shelf"},
		"things":{"type":"array","items":{"type":"object","properties":{"product_id":{"type":"string","format":"uuid"}}}},
		"labels":{"type":"object","additionalProperties":{"type":"string","enum":["red"]},"propertyNames":{"x-text":"line"}}
	}}}}}`

// The walk is worth as much as what it finds in the document.
func TestRead_FindsEveryPlaceOfABody(t *testing.T) {
	t.Parallel()
	d, err := read([]byte(small))
	require.NoError(t, err)
	require.Len(t, d.operations, 1)
	o := d.operations[0]
	require.Equal(t, "PATCH /shelves/{id}", o.name())
	require.True(t, o.needsToken())
	require.True(t, o.needsRole())
	require.False(t, (&operation{}).needsRole())
	require.False(t, (&operation{Security: []map[string][]string{{"bearer": {}}}}).needsRole(), "any account")
	require.False(t, (&operation{Security: []map[string][]string{{"bearer": {"admin"}}, {"bearer": {"customer"}}}}).needsRole())
	require.Equal(t, 100, o.MaxBody)
	require.Equal(t, "/shelves/"+unknownID+"?a=1", o.target(nil, "a=1"))

	places := map[string]field{}
	for _, f := range fields(o.body()) {
		if f.path[len(f.path)-1] != entry {
			places[f.location()] = f
		}
	}
	require.True(t, places["body.note"].schema.is("null"))
	require.True(t, places["body.things[0].product_id"].schema.isID())
	require.Equal(t, "line", places["body.above.name"].schema.Text, "a schema that contains itself is followed")
	require.Equal(t, "line", places["body.above.labels"].schema.PropertyNames.Text)

	body := sample(o.body(), map[string]string{"product_id": "known"})
	spoilt := places["body.things[0].product_id"].in(body, nil)
	require.Equal(t, []any{map[string]any{"product_id": nil}}, spoilt.(map[string]any)["things"])
	require.Equal(t, []any{map[string]any{"product_id": "known"}}, body.(map[string]any)["things"], "the sample stays as it is")
	require.Equal(t, map[string]any{entry: "red"}, body.(map[string]any)["labels"])
}
