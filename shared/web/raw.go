package web

import (
	"encoding/json"
	"fmt"
)

// Raw is a reply that is written as it is: what an idempotent operation stored, byte for byte. Replies documents it.
type Raw struct {
	Status      int
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag"`
	Location    string `header:"Location"`
	Body        []byte
}

// JSON is a Raw with the encoded body.
func JSON(status int, body any) (Raw, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return Raw{}, fmt.Errorf("encoding the reply: %w", err)
	}
	return Raw{Status: status, ContentType: "application/json", Body: encoded}, nil
}

// WithVersion adds the ETag of a version.
func (r Raw) WithVersion(version int) Raw {
	r.ETag = ETag(version)
	return r
}

// Header is what must be stored beside the body.
func (r Raw) Header() map[string]string {
	return map[string]string{"Content-Type": r.ContentType, "ETag": r.ETag, "Location": r.Location}
}

// Stored is the Raw that a status, its Header and a body were stored from.
func Stored(status int, header map[string]string, body []byte) Raw {
	return Raw{
		Status: status, ContentType: header["Content-Type"], ETag: header["ETag"], Location: header["Location"], Body: body,
	}
}
