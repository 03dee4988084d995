package config

// LoadIn is Load in a checkout: a test of another package has settings of its own.
func LoadIn[T Settings](dir, service string, defaults ...map[string]any) (T, error) {
	return load[T](service, fileAbove(dir), defaults)
}
