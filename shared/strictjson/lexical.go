package strictjson

import (
	"bytes"
	"encoding/json"
	"unicode/utf16"
)

// space passes over white space.
func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// take passes over one character, and white space after it, if it is next.
func (s *scanner) take(c byte) bool {
	if s.at == len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	s.space()
	return true
}

// opened passes over the space behind an opening bracket, and says whether the closing one follows.
func (s *scanner) opened(closing byte) (empty bool) {
	s.space()
	if s.at < len(s.data) && s.data[s.at] == closing {
		s.at++
		return true
	}
	return false
}

// more passes over what follows an element: a comma, or the closing bracket of what it belongs to.
func (s *scanner) more(closing byte) (bool, error) {
	s.space()
	if s.take(',') {
		return true, nil
	}
	if s.at == len(s.data) || s.data[s.at] != closing {
		return false, ErrSyntax
	}
	s.at++
	return false, nil
}

func (s *scanner) word(w string) error {
	if len(s.data)-s.at < len(w) || string(s.data[s.at:s.at+len(w)]) != w {
		return ErrSyntax
	}
	s.at += len(w)
	return nil
}

// name passes over a name and its colon, and keeps it to find that it is repeated. The names of its object begin at around.
func (s *scanner) name(around int) ([]byte, error) {
	if s.at == len(s.data) || s.data[s.at] != '"' {
		return nil, ErrSyntax
	}
	start := s.at
	escaped, err := s.text()
	if err != nil {
		return nil, err
	}
	name := s.data[start+1 : s.at-1]
	if escaped {
		var plain string
		if err := json.Unmarshal(s.data[start:s.at], &plain); err != nil {
			return nil, ErrSyntax
		}
		name = []byte(plain)
	}
	// Linear: an object has few names. The limits see to it.
	for _, other := range s.names[around:] {
		if bytes.Equal(other, name) {
			return nil, ErrRepeated
		}
	}
	s.names = append(s.names, name)
	s.space()
	if !s.take(':') {
		return nil, ErrSyntax
	}
	return name, nil
}

// text passes over a string.
func (s *scanner) text() (escaped bool, err error) {
	s.at++
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return false, err
			}
		case c < ' ':
			return false, ErrSyntax
		default:
			s.at++
		}
	}
	return false, ErrSyntax
}

// escape passes over an escape, or over the two of a surrogate pair.
func (s *scanner) escape() error {
	if s.at+1 >= len(s.data) {
		return ErrSyntax
	}
	switch s.data[s.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return nil
	case 'u':
	default:
		return ErrSyntax
	}
	unit, ok := s.unit()
	if !ok {
		return ErrSyntax
	}
	if !utf16.IsSurrogate(unit) {
		return nil
	}
	if s.at+1 >= len(s.data) || s.data[s.at] != '\\' || s.data[s.at+1] != 'u' {
		return ErrSurrogate
	}
	other, ok := s.unit()
	switch {
	case !ok:
		return ErrSyntax
	case utf16.DecodeRune(unit, other) == '\uFFFD':
		return ErrSurrogate
	}
	return nil
}

// unit passes over one \uXXXX.
func (s *scanner) unit() (rune, bool) {
	const length = len(`\uXXXX`)
	if len(s.data)-s.at < length {
		return 0, false
	}
	var unit rune
	for _, c := range s.data[s.at+2 : s.at+length] {
		unit <<= 4
		switch {
		case '0' <= c && c <= '9':
			unit += rune(c - '0')
		case 'a' <= c && c <= 'f':
			unit += rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			unit += rune(c-'A') + 10
		default:
			return 0, false
		}
	}
	s.at += length
	return unit, true
}

// number passes over a number (RFC 8259, 6).
func (s *scanner) number() error {
	if s.data[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.data) && s.data[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return ErrSyntax
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		if s.at++; !s.digits() {
			return ErrSyntax
		}
	}
	if s.at < len(s.data) && (s.data[s.at] == 'e' || s.data[s.at] == 'E') {
		if s.at++; s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return ErrSyntax
		}
	}
	return nil
}

// digits passes over digits, of which there must be one.
func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}
