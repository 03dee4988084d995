package strictjson

import (
	"errors"
	"unicode/utf8"
)

// Why a document is no JSON that can be read in one way only. The texts may be shown to the sender.
var (
	ErrSyntax    = errors.New("it is not JSON")
	ErrNotUTF8   = errors.New("it is not UTF-8")
	ErrSurrogate = errors.New("it escapes half a surrogate pair")
	ErrRepeated  = errors.New("a name is repeated in one object")
	ErrDepth     = errors.New("it is nested too deeply")
	ErrCount     = errors.New("it has too many parts, or null where there is none") // of Valid only
)

// MaxRefusals is how many refusals Check returns at most.
const MaxRefusals = 20

// Messages of refusals.
const (
	MsgNull       = "must not be null"
	MsgItems      = "has too many items"
	MsgProperties = "has too many fields"
	MsgUnknown    = "has a field that is not known here"
)

// Limits bound a document where its shape says nothing.
type Limits struct {
	Depth      int // how deeply lists and objects may be nested
	Items      int // of a list
	Properties int // of an object
}

// Defaults are the limits of a request's body.
var Defaults = Limits{Depth: 32, Items: 100, Properties: 100}

// Shape is what a schema says about a value that matters here. A nil shape allows any value, within the Limits.
type Shape struct {
	Nullable      bool
	MaxItems      int               // of a list; the Limits' when 0
	Items         *Shape            // of a list
	MaxProperties int               // of an object; the Limits' when 0
	Properties    map[string]*Shape // the fields of an object by name
	Closed        bool              // whether an object has no other fields
	Others        *Shape            // of the other fields
}

// Refusal is a part of a document that does not fit its shape.
type Refusal struct {
	Path    string // such as items[3].note, empty for the whole document; it has only names that the shape knows
	Message string
}

// Check returns an error unless data is one JSON document that can be read in one way only, and refuses the parts that do not
// fit the shape. It stops at a count that is exceeded, and after MaxRefusals.
func (l Limits) Check(data []byte, shape *Shape) ([]Refusal, error) {
	if !utf8.Valid(data) {
		return nil, ErrNotUTF8
	}
	s := scanner{data: data, limits: l}
	s.names, s.path = s.firstNames[:0], s.firstPath[:0]
	s.space()
	err := s.value(shape, 0)
	if errors.Is(err, errEnough) {
		return s.refusals, nil
	}
	if err != nil {
		return nil, err
	}
	if s.space(); s.at < len(data) {
		return nil, ErrSyntax
	}
	return s.refusals, nil
}

// Valid is Check for who only wants to know whether the document may be decoded.
func (l Limits) Valid(data []byte, shape *Shape) error {
	refusals, err := l.Check(data, shape)
	if err == nil && len(refusals) > 0 {
		return ErrCount
	}
	return err
}

// WithoutNull is the shape of any value that holds no null, neither itself nor in its parts.
func WithoutNull() *Shape {
	shape := &Shape{}
	shape.Items, shape.Others = shape, shape
	return shape
}

// errEnough ends a scan: what has been refused is answer enough.
var errEnough = errors.New("enough is refused")

// scanner is the state of one Check.
type scanner struct {
	data     []byte
	at       int
	limits   Limits
	names    [][]byte // of the objects around, the innermost last
	path     []step   // to the value that is looked at
	refusals []Refusal

	firstNames [32][]byte // so that a usual document needs no memory
	firstPath  [8]step
}

func (s *scanner) value(shape *Shape, depth int) error {
	if s.at == len(s.data) {
		return ErrSyntax
	}
	switch c := s.data[s.at]; {
	case c == '{':
		return s.object(shape, depth+1)
	case c == '[':
		return s.list(shape, depth+1)
	case c == '"':
		_, err := s.text()
		return err
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	default:
		if err := s.word("null"); err != nil {
			return err
		}
		if shape != nil && !shape.Nullable {
			return s.refuse(MsgNull)
		}
		return nil
	}
}

func (s *scanner) list(shape *Shape, depth int) error {
	if depth > s.limits.Depth {
		return ErrDepth
	}
	most, items := s.limits.Items, (*Shape)(nil)
	if shape != nil {
		items = shape.Items
		if shape.MaxItems > 0 {
			most = shape.MaxItems
		}
	}
	if s.at++; s.opened(']') {
		return nil
	}
	s.path = append(s.path, step{known: items != nil, index: true})
	for count := 1; ; count++ {
		if count > most {
			s.path = s.path[:len(s.path)-1]
			return s.stop(MsgItems)
		}
		s.path[len(s.path)-1].number = count - 1
		if err := s.value(items, depth); err != nil {
			return err
		}
		if more, err := s.more(']'); err != nil || !more {
			s.path = s.path[:len(s.path)-1]
			return err
		}
	}
}

func (s *scanner) object(shape *Shape, depth int) error {
	if depth > s.limits.Depth {
		return ErrDepth
	}
	most, message := s.mostFields(shape)
	if s.at++; s.opened('}') {
		return nil
	}
	around := len(s.names)
	s.path = append(s.path, step{})
	for count := 1; ; count++ {
		name, err := s.name(around)
		if err != nil {
			return err
		}
		if count > most {
			s.path = s.path[:len(s.path)-1]
			return s.stop(message)
		}
		field, known := shape.field(name)
		s.path[len(s.path)-1] = step{name: name, known: known}
		if err := s.value(field, depth); err != nil {
			return err
		}
		if more, err := s.more('}'); err != nil || !more {
			s.names, s.path = s.names[:around], s.path[:len(s.path)-1]
			return err
		}
	}
}

// mostFields is how many fields an object may have. Names are not repeated, so one of more fields than a closed shape has cannot
// be all known.
func (s *scanner) mostFields(shape *Shape) (most int, message string) {
	most, message = s.limits.Properties, MsgProperties
	if shape == nil {
		return most, message
	}
	if shape.MaxProperties > 0 {
		most = shape.MaxProperties
	}
	if shape.Closed && (shape.MaxProperties == 0 || len(shape.Properties) < most) {
		most, message = len(shape.Properties), MsgUnknown
	}
	return most, message
}

// field is the shape of a field, and whether the shape around knows it by its name.
func (s *Shape) field(name []byte) (field *Shape, known bool) {
	if s == nil {
		return nil, false
	}
	if field, known = s.Properties[string(name)]; known {
		return field, true
	}
	return s.Others, false
}
