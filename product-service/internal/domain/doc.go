// Package domain holds the catalogue's rules: what a product and a category may be, and how a product changes.
//
// A product is somebody's offer at one price. Its life:
//
//	        ┌─────────┐  publish   ┌──────────┐
//	new ──> │  draft  │ ─────────> │  active  │ <── new
//	        └────┬────┘            └────┬─────┘
//	             │ archive              │ archive
//	             v                      v
//	           ┌──────────────────────────┐
//	           │         archived         │  for good
//	           └──────────────────────────┘
//
// Only an active product is listed and can be ordered. An archived one can still be read by its id, because orders point
// at it, and never changes again. A draft is visible to its seller (and admins) alone. Nothing is ever deleted.
//
// Every change adds one to the version. A change that changes nothing does not.
package domain
