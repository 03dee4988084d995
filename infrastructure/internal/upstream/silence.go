package upstream

import (
	"context"
	"sync"
	"sync/atomic"
)

// silentFor is how many clients in a row get no reply in time before an instance counts as hanging, whatever it says of itself.
const silentFor = 3

type clientKey struct{}

// WithClient is for a request of a client: who a time-out happens to says whether the client or the instance is its cause.
func WithClient(ctx context.Context, network string) context.Context {
	return context.WithValue(ctx, clientKey{}, network)
}

// silence is the clients whose requests an instance has let run out of time since its last reply to anybody. One client can send what takes
// too long as often as it likes; requests of several clients that end so, with no reply between them, are the instance's doing.
// The zero silence is that of an instance that replies. It is safe for concurrent use.
type silence struct {
	some    atomic.Bool // whether clients has any, so that a reply takes no lock
	mu      sync.Mutex
	clients map[string]struct{} // silentFor at most
}

// broken is called for each reply.
func (s *silence) broken() {
	if !s.some.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = nil
	s.some.Store(false)
}

// goesOn is called for each time-out, and says whether the instance hangs. A request of no client's does not change that.
func (s *silence) goesOn(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, ok := ctx.Value(clientKey{}).(string)
	if ok && len(s.clients) < silentFor {
		if s.clients == nil {
			s.clients = make(map[string]struct{}, silentFor)
		}
		s.clients[client] = struct{}{}
		s.some.Store(true)
	}
	return len(s.clients) == silentFor
}
