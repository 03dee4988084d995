package events

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// What people are told who read or write a body as JSON.
var (
	ErrUnknownType = errors.New("this build does not know the type")
	ErrNewer       = errors.New("the body has fields that this build does not know, which JSON would lose; use the build that wrote it")
)

// ToJSON returns the body of an event as protojson, for people.
func ToJSON(eventType string, body []byte) ([]byte, error) {
	msg, known, err := Decode(eventType, body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the body is no %s: %w", eventType, readable(err))
	case !known:
		return nil, ErrUnknownType
	case newer(msg.ProtoReflect()):
		return nil, ErrNewer
	}
	return protojson.Marshal(msg)
}

// FromJSON is the way back. A field that the type does not have is an error with the field's name.
func FromJSON(eventType string, text []byte) (body []byte, err error) {
	msg, known := empty(eventType)
	if !known {
		return nil, ErrUnknownType
	}
	if err := protojson.Unmarshal(text, msg); err != nil {
		return nil, fmt.Errorf("the JSON is no %s: %w", eventType, readable(err))
	}
	return proto.Marshal(msg)
}

// newer says whether there is anything in the message, or in one inside it, that this build has no field for.
func newer(m protoreflect.Message) (found bool) {
	if len(m.GetUnknown()) > 0 {
		return true
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil, field.IsMap() && field.MapValue().Message() == nil:
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				found = newer(v.Message())
				return !found
			})
		case field.IsList():
			for i := range value.List().Len() {
				found = found || newer(value.List().Get(i).Message())
			}
		default:
			found = newer(value.Message())
		}
		return !found
	})
	return found
}

// readable takes away what the protobuf library puts before its errors; the space in it differs from build to build.
func readable(err error) error {
	text := err.Error()
	if i := strings.LastIndex(text, "proto:"); i >= 0 {
		text = strings.TrimLeft(text[i+len("proto:"):], " \u00a0")
	}
	return errors.New(text)
}
