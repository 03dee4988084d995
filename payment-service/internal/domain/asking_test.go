package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func repeat(n int, inputs ...Input) (all []Input) {
	for range n {
		all = append(all, inputs...)
	}
	return all
}

func TestAsking_WhenAPaymentIsDueAgain(t *testing.T) {
	now, nothing := Next{Changed: true}, Next{}
	in := func(d time.Duration) Next { return Next{Changed: true, Wait: d} }
	end := Next{Changed: true, Never: true}
	call := []Input{reserved, Due{}}
	for _, c := range []struct {
		name  string
		given []Input
		last  Input
		want  Next
	}{
		{"to be charged", nil, reserved, now},
		{"a tombstone", nil, cancelled, end},
		{"charged", call, succeeded, end},
		{"declined", call, declined, end},
		{"no answer once", call, unanswered, in(time.Second)},
		{"no answer again", append(call, unanswered, Due{}, unanswered, Due{}), unanswered, in(4 * time.Second)},
		{"no answer for long", append(call, repeat(100, unanswered, Due{})...), unanswered, in(5 * time.Minute)},
		{"the shopper has to act", call, actionAsked, in(30 * time.Second)},
		{"the shopper still has to", append(call, actionAsked, Due{}, actionAsked, Due{}), actionAsked, in(time.Minute)},
		{"the shopper's time ends", append(call, append([]Input{actionAsked}, repeat(9, Due{}, actionAsked)...)...), actionAsked, in(5 * time.Minute)},
		{"cancelled while the shopper acts", append(call, actionAsked), cancelled, now},
		{"cancelled before the first call", []Input{reserved}, cancelled, end},
		{"cancelled while a call is under way", call, cancelled, nothing},
		{"and the call had no answer", append(call, cancelled), unanswered, now},
		{"and the call was answered", append(call, cancelled), succeeded, end},
		{"cancelled between two calls", append(call, unanswered), cancelled, now},
		{"cancelled again", append(call, unanswered, cancelled), cancelled, nothing},
		{"the fence had no answer", append(call, unanswered, cancelled, Due{}), unanswered, in(time.Second)},
		{"a hint between two calls", append(call, unanswered), hinted, now},
		{"a hint while a call is under way", call, hinted, nothing},
		{"and the answer may be older", append(call, actionAsked, Due{}, hinted), actionAsked, now},
		{"and the answer may be older, though the state is new", append(call, hinted), actionAsked, now},
		{"and there was no answer", append(call, hinted), unanswered, now},
		{"a hint while the declining call is under way", append(call, saysNoMoney), declined, end},
		{"a hint about a payment that failed", append(call, declined), hinted, now},
		{"it says so too", append(call, declined), saysNoMoney, nothing},
		{"it was looked at", append(call, declined, hinted, Due{}), canceled, end},
		{"it could not be looked at", append(call, declined, hinted, Due{}), unanswered, in(time.Second)},
		{"a hint about a payment that is captured", append(call, succeeded), hinted, nothing},
		{"money moves before the capture is known", append(call, saysMoved), succeeded, now},
		{"and the call had no answer", append(call, saysMoved, unanswered, Due{}), succeeded, now},
		{"money moves, and the call says that there is none", append(call, saysMoved), declined, now},
		{"and the look says so too", append(call, saysMoved, declined, Due{}), canceled, end},
		{"and the look says that there is some", append(call, saysMoved, declined, Due{}), succeeded, now},
		{"the look-up shows that money moved", append(call, unanswered, Due{}), moved, now},
		{"a payment that failed was captured, and money moved", append(call, declined, saysMoved, Due{}), succeeded, now},
		{"a late look shows that money moved", append(call, succeeded), moved, now},
		{"a late answer", append(call, succeeded, saysMoved), succeeded, nothing},
		{"a late call without an answer", append(call, succeeded, saysMoved), unanswered, nothing},
		{"a late answer while the books are read", append(call, succeeded, saysMoved, Due{}), succeeded, nothing},
		{"the books were read", append(call, moved, Due{}), Books{}, end},
		{"the books could not be read", append(call, moved, Due{}), unanswered, in(time.Second)},
		{"money moved while the books were read", append(call, moved, Due{}, saysMoved), Books{}, now},
		{"a hint before the first call", []Input{reserved}, hinted, nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out, err := Decide(after(t, c.given...), c.last)
			require.NoError(t, err)
			require.Equal(t, c.want, out.Next)
		})
	}
}

func TestAsking_AnOldPaymentIsLookedUpSeldom(t *testing.T) {
	p := after(t, append([]Input{reserved, Due{}}, repeat(40, unanswered, Due{})...)...)
	for age, want := range map[time.Duration]time.Duration{
		0: 5 * time.Minute, time.Hour: 450 * time.Second, 24 * time.Hour: 3 * time.Hour, 20 * 24 * time.Hour: 24 * time.Hour,
	} {
		p.Asking.Marked = age
		_, out, err := Decide(p, unanswered)
		require.NoError(t, err)
		require.Equal(t, Next{Changed: true, Wait: want}, out.Next, age)
	}
}

func TestAsking_TheSearchGoesOnWhereItStood(t *testing.T) {
	p := after(t, reserved, Due{}, NoCertainAnswer{Cursor: "1:pi_x"})
	require.Equal(t, "1:pi_x", p.Asking.Cursor)
	p, _, err := Decide(p, Due{})
	require.NoError(t, err)
	require.Equal(t, "1:pi_x", p.Asking.Cursor)
	p, _, err = Decide(p, unanswered)
	require.NoError(t, err)
	require.Empty(t, p.Asking.Cursor, "it came to the end, and begins again")
}

// queued is a payment with the queue's view of it, and the processor's: whatever comes, what was announced is asked about.
type queued struct {
	p     Payment
	due   bool // now or later
	soon  bool // now
	asked Ask  // of the task under way
	news  bool // something was announced that no question has been asked about since
	moved bool // money moved, as was announced or shown, and the books have not been read since
}

func (q *queued) put(t require.TestingT, in Input) {
	next, out, err := Decide(q.p, in)
	if err != nil {
		require.Equal(t, q.p, next)
		return
	}
	q.p = next
	if f, ok := in.(Fact); ok && f.Moved {
		q.moved = true
	}
	if _, ok := in.(Due); ok {
		q.asked, q.news, q.due, q.soon = out.Ask, q.news && out.Ask == AskNothing, true, false
		q.moved = q.moved && out.Ask != AskBooks
	}
	if out.Next.Changed {
		q.due, q.soon = !out.Next.Never, !out.Next.Never && out.Next.Wait == 0
	}
}

// Whatever happens in whatever order, an announcement is followed by a question that is begun after it, and no payment
// without a certain answer is left alone for ever.
func TestAsking_P26_AnySequenceAsksAboutWhatWasAnnounced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := queued{p: New("p", "o")}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			step := rapid.SampledFrom([]string{"message", "claim", "answer", "late answer", "hint", "time", "lease"}).Draw(t, "step")
			switch {
			case step == "message":
				q.put(t, rapid.SampledFrom([]Input{reserved, cancelled}).Draw(t, "message"))
			case step == "claim" && q.due && q.asked == AskNothing, step == "lease" && q.asked != AskNothing:
				q.put(t, Due{})
			case step == "answer" && q.asked != AskNothing:
				q.answer(t)
			case step == "late answer" && q.p.State == Captured: // of a call whose lease ran out
				q.put(t, rapid.SampledFrom([]Input{succeeded, moved, unanswered}).Draw(t, "late answer"))
			case step == "hint":
				q.hear(t, rapid.SampledFrom([]Hint{hinted, saysNoMoney, saysMoved}).Draw(t, "hint"))
			case step == "time":
				d := rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Minute, 24 * time.Hour}).Draw(t, "time")
				q.p.Asking.Entered += d
				q.p.Asking.Marked += d
			}
			q.holds(t)
		}
	})
}

func (q *queued) answer(t *rapid.T) {
	answers := []Input{succeeded, moved, declined, canceled, actionAsked, authFailed, pendingFact, unanswered}
	if q.asked == AskBooks {
		answers = []Input{Books{}, unanswered}
	}
	in := rapid.SampledFrom(answers).Draw(t, "answer")
	_, none := in.(NoCertainAnswer)
	q.moved = q.moved || none && q.asked == AskBooks
	q.asked = AskNothing
	q.put(t, in)
}

func (q *queued) hear(t require.TestingT, in Hint) {
	if q.p.State != None && q.p.State != Processing { // before that there is no intent
		over := q.p.State == Failed || q.p.State == Voided
		q.news = q.news || !over || in.Kind != HintNoMoney
		q.moved = q.moved || in.Kind == HintBooks
	}
	q.put(t, in)
}

func (q *queued) holds(t require.TestingT) {
	switch q.p.State {
	case None:
		q.news = false
	case Captured:
		q.news = false
		require.True(t, !q.moved || q.due && q.p.Asking.Again || q.asked == AskBooks && q.p.Asking.Again,
			"the books are read, or will be, after whatever tells that money moved")
	case Failed, Voided:
		// What was announced while the call was under way that ended the payment is what its answer has said.
		q.news = q.news && q.p.Asking.Again
	}
	require.True(t, q.p.State == Captured || (q.asked != AskNothing) == q.p.Asking.Open, "the payment knows whether somebody asks about it")
	require.True(t, !q.news || q.asked != AskNothing && q.p.Asking.Again || q.soon || q.p.Asking.Marked >= lookUpTime,
		"what was announced is asked about at once, or as soon as the answer under way is there")
	open := q.p.State == Processing || q.p.State == Called || q.p.State == RequiresAction || q.p.State == Voiding
	require.True(t, !open || q.due || q.asked != AskNothing || q.p.Asking.Marked >= lookUpTime, "a payment that is open is asked about again")
}
