package domain

// Sort is the order of a list of products.
type Sort string

// The orders. Ids grow with time, so that the newest have the largest.
const (
	Newest   Sort = "newest"
	Cheapest Sort = "price"
	Dearest  Sort = "-price"
)

// Filter says which products to list, and in which order.
type Filter struct {
	CategoryID string // empty: any
	SellerID   string // empty: any
	All        bool   // in every status; otherwise active ones only
	Currency   string // only prices in it; empty: any, and nothing else about prices is asked
	MinPrice   int64  // minor units of the currency, included; 0: any
	MaxPrice   int64  // included; 0: any
	Sort       Sort
	After      *Position // the last product of the page before
	Limit      int
}

// Position is where a product stands in every order.
type Position struct {
	ID    string
	Price int64
}
