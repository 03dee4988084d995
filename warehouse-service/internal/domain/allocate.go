package domain

import "slices"

// Line is what an order wants of one product.
type Line struct {
	ProductID string
	Quantity  int64
}

// Shortage is a product of which all warehouses together have less than an order wants.
type Shortage struct {
	ProductID         string
	Wanted, Available int64
}

// allocate chooses the warehouses that serve the lines: all of them, or none with every shortage.
//
// Each warehouse that serves an order is a parcel, so fewer are better: the one that can give most units is taken,
// then the one that can give most of the rest, the smaller id first among equals. One that has everything gives
// most, so an order is split only when it must be; a line is split only when no warehouse left has all of it.
func allocate(lines []Line, stock Stock) ([]Reservation, []Shortage) {
	lines = merged(lines)
	if shortages := short(lines, stock); shortages != nil {
		return nil, shortages
	}
	var held []Reservation
	for free := stock.warehouses(); len(lines) > 0; {
		best := mostUnits(free, lines, stock)
		var rest []Line
		for _, l := range lines {
			units := min(l.Quantity, stock[Key{l.ProductID, best}].Available())
			if units > 0 {
				held = append(held, Reservation{Key: Key{l.ProductID, best}, Quantity: units, Status: Active})
			}
			if l.Quantity -= units; l.Quantity > 0 {
				rest = append(rest, l)
			}
		}
		lines = rest
		free = slices.DeleteFunc(free, func(id string) bool { return id == best })
	}
	return held, nil
}

// merged returns one line per product.
func merged(lines []Line) []Line {
	var out []Line
	for _, l := range lines {
		if at := slices.IndexFunc(out, func(o Line) bool { return o.ProductID == l.ProductID }); at >= 0 {
			out[at].Quantity += l.Quantity
		} else {
			out = append(out, l)
		}
	}
	return out
}

func short(lines []Line, stock Stock) (shortages []Shortage) {
	available := stock.available()
	for _, l := range lines {
		if has := available[l.ProductID]; has < l.Quantity {
			shortages = append(shortages, Shortage{ProductID: l.ProductID, Wanted: l.Quantity, Available: has})
		}
	}
	return shortages
}

func mostUnits(warehouses []string, lines []Line, stock Stock) (best string) {
	most := int64(0)
	for _, id := range warehouses {
		units := int64(0)
		for _, l := range lines {
			units += min(l.Quantity, stock[Key{l.ProductID, id}].Available())
		}
		if units > most {
			best, most = id, units
		}
	}
	return best
}
