// Package configtest is for services' tests of their settings: a store of settings in Consul of the test's own, and a check of the
// table in the README.
package configtest
