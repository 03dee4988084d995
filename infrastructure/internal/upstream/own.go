package upstream

import "net/http"

// Own is for the gateway's own requests, which look whether a service is there. They try its instances one after another,
// whatever the breakers say, and count for none: nobody is refused because the gateway looked before a service had started.
func (t *Transport) Own() http.RoundTripper { return own{t} }

type own struct{ *Transport }

// RoundTrip sends r, which has no body, until an instance answers.
func (o own) RoundTrip(r *http.Request) (*http.Response, error) {
	pool, err := o.pool(r)
	if err != nil {
		return nil, err
	}
	all := *pool.instances.Load()
	first := pool.next.Add(1)
	for offset := range uint64(len(all)) {
		var out *http.Request
		if out, err = directed(r, all[(first+offset)%uint64(len(all))].addr); err != nil {
			return nil, err
		}
		var reply *http.Response
		if reply, err = o.base.RoundTrip(out); err == nil || r.Context().Err() != nil {
			return reply, err
		}
	}
	return nil, Away.Wrap(err)
}
