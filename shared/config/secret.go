package config

const redacted = "[redacted]"

// Secret is a string that does not show itself in logs, errors or JSON.
type Secret string

// Reveal returns the string itself.
func (s Secret) Reveal() string { return string(s) }

// String hides it from %v and %s.
func (s Secret) String() string { return redacted }

// GoString hides it from %#v.
func (s Secret) GoString() string { return redacted }

// MarshalText hides it from JSON, YAML and zerolog's Interface.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
