package password

import "slices"

// line is where callers wait, by network. The networks have their turns in a circle, however many callers of each wait. The queue's lock
// guards it.
type line struct {
	places, share int // how many can wait in it, and how many of one network
	waiting       int
	circle        []*network // those of whom somebody waits; the first has the next turn
}

// network has the callers of one network, the one who waits longest first.
type network struct {
	name    string
	waiters []*waiter
}

// waiter gets one outcome, which never blocks who gives it: nil with a slot, or ErrBusy.
type waiter struct {
	network string
	outcome chan error
}

// join gives a caller a place, or returns false. In a full line it is the place of a caller of the network that has most there, so that it
// takes as many networks as there are places to keep another one out.
func (l *line) join(w *waiter) bool {
	mine := l.count(w.network)
	if mine >= l.share || l.waiting >= l.places && !l.displace(mine+1) {
		return false
	}
	if mine == 0 {
		l.circle = append(l.circle, &network{name: w.network})
	}
	n := l.circle[l.find(w.network)]
	n.waiters = append(n.waiters, w)
	l.waiting++
	return true
}

// displace refuses the last caller of the network that has most in the line, if that network keeps at least so many.
func (l *line) displace(keeps int) bool {
	most := slices.MaxFunc(l.circle, func(a, b *network) int { return len(a.waiters) - len(b.waiters) })
	last := len(most.waiters) - 1
	if last < keeps {
		return false
	}
	w := most.waiters[last]
	l.remove(w)
	w.outcome <- ErrBusy
	return true
}

// take removes the caller whose turn it is and moves its network to the end of the circle; nil if nobody waits.
func (l *line) take() *waiter {
	if l.waiting == 0 {
		return nil
	}
	n := l.circle[0]
	l.circle = append(slices.Delete(l.circle, 0, 1), n)
	w := n.waiters[0]
	l.remove(w)
	return w
}

// remove takes a waiter out of the line; false if it is not there any more.
func (l *line) remove(w *waiter) bool {
	at := l.find(w.network)
	if at < 0 {
		return false
	}
	n := l.circle[at]
	i := slices.Index(n.waiters, w)
	if i < 0 {
		return false
	}
	n.waiters = slices.Delete(n.waiters, i, i+1)
	l.waiting--
	if len(n.waiters) == 0 {
		l.circle = slices.Delete(l.circle, at, at+1)
	}
	return true
}

func (l *line) find(name string) int {
	return slices.IndexFunc(l.circle, func(n *network) bool { return n.name == name })
}

func (l *line) count(name string) int {
	if at := l.find(name); at >= 0 {
		return len(l.circle[at].waiters)
	}
	return 0
}
