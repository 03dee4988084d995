package openapi

import (
	"encoding/json"
	"net/http"
	"strings"
)

// policies know which operations ask for a token, as the services' documents say. They are a tree of the paths' segments.
type policies struct {
	literal map[string]*policies
	any     *policies       // a segment in braces
	secured map[string]bool // by method, of the path that ends here
}

// policiesOf reads the documents. A service that has not been asked yet has no policies: it decides by itself.
func policiesOf(paths map[string]json.RawMessage) *policies {
	root := newPolicies()
	for path, item := range paths {
		var operations map[string]json.RawMessage
		if json.Unmarshal(item, &operations) != nil {
			continue
		}
		end := root.at(strings.Split(path, "/"))
		for method, operation := range operations {
			var known struct {
				Security []json.RawMessage `json:"security"`
			}
			if json.Unmarshal(operation, &known) == nil { // beside the operations there are other members
				end.secured[strings.ToUpper(method)] = len(known.Security) > 0
			}
		}
	}
	return root
}

// at returns the end of a path, which it makes when nobody has been there.
func (p *policies) at(path []string) *policies {
	for _, segment := range path {
		if strings.HasPrefix(segment, "{") {
			if p.any == nil {
				p.any = newPolicies()
			}
			p = p.any
			continue
		}
		if p.literal[segment] == nil {
			p.literal[segment] = newPolicies()
		}
		p = p.literal[segment]
	}
	return p
}

func newPolicies() *policies {
	return &policies{literal: map[string]*policies{}, secured: map[string]bool{}}
}

// find returns the end of a path; a literal segment goes before one in braces, as it does in the services.
func (p *policies) find(path string) *policies {
	segment, rest, more := strings.Cut(path, "/")
	for _, next := range []*policies{p.literal[segment], p.any} {
		if next == nil || next == p.any && segment == "" {
			continue
		}
		if !more {
			return next
		}
		if end := next.find(rest); end != nil {
			return end
		}
	}
	return nil
}

// Secured says whether a request needs a token; known is false where no document tells of its operation.
func (d *Documents) Secured(method, path string) (secured, known bool) {
	end := d.served.Load().policies.find(path)
	if end == nil {
		return false, false
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	secured, known = end.secured[method]
	return secured, known
}
