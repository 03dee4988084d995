//go:build !failpoints

package failpoint

// Point does nothing in this build.
func Point(string) {}
