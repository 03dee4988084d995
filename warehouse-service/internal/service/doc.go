// Package service is the warehouse's use cases: what messages and people make it do. It brings the domain's decisions together
// with the catalogue and the database, and counts what happens.
package service
