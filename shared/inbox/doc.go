// Package inbox makes N deliveries of a message have one effect, and loses none of them.
//
// A handler records the ids of its messages in the transaction of their effect (Accept) and is told which of them are new.
// A Consumer stands between the broker and the handler:
//
//	                      ┌─> handle the batch ── nil ──────────────────────────> acknowledged
//	batch ─> new messages ┤        ├─ worth a retry ────────> nothing acknowledged, the batch again
//	  │                   │        └─ data error ─> one by one ─┬─ nil ─────────> acknowledged
//	  │                                                         └─ fails alone ─┐
//	  └─> delivered before (a crash?), unknown type, no id ─────────────────────┴> parked, acknowledged
//
//	parked: waiting ─> try (counted and committed first) ─> done
//	                        └─ fails, or takes the process with it: waiting again, later; after N tries dead, with its reason
//
// Only what is in the table of the effect, or parked, is acknowledged: at any time received = done + parked + waiting.
// Because a try is committed before it is made, a message that kills the process is found out, and the messages that
// travelled with it are not: each of them gets a try alone. While the database is away nothing can be recorded, so nothing
// is acknowledged.
//
// An unknown type is tried as often as any other message: a newer replica may know it.
//
// # Dead messages
//
// A dead message is for people, on the machine of any replica (Command, Parked):
//
//	<service> parked list              what waits or is dead
//	<service> parked show ID           all of it as JSON; a body that cannot be read, in base64 and with the reason
//	<service> parked edit ID FILE      another body, in the JSON that show prints as "body"; dead until it is replayed
//	<service> parked replay ID         all its tries again, beginning within a second
//	<service> parked drop ID REASON    given up for good
//
// While a try runs nobody decides about its message: the try has the message as it was, and a decision beside it would be lost
// without a word. edit, replay and drop wait for its end, 45 seconds at most, and so long too after a process that died in a try.
// They are refused, and the message is done, when it has had its effect meanwhile.
//
// A message may be published twice. While it is dead or dropped another copy has no effect either; a dropped one is remembered for
// 7 days. Only a replayed message that still waits for its try can be overtaken by a copy that arrives then, in its first form.
package inbox
