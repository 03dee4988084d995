// Package edge is what the gateway does with a request before it goes to a service: how many a client may send, which
// web sites may call, and whether a token that came along was made by us.
//
// Everything that every server has (ids, traces, metrics, problems, health) is package web's.
package edge
