// Package model explores the saga: every state that one order, its stock and its money can reach together, with messages
// that come once or twice in any order, calls whose answers get lost, and people who cancel and dispatch at any moment.
//
// The machines are not written down here. They are the tables that order, warehouse and payment generate from their own
// transition functions (docs/transitions.json of each), so what is explored is what runs. The package adds what lies
// between them: the network, the card processor, the shopper, the people in the warehouse. It takes seconds and needs no
// server.
//
// The product of everything is too large, so there are three models, each whole in its own part:
//
//   - WholeSaga: order and warehouse with two shipments, two cancels, the deadline, dispatches and deliveries; the processor
//     captures, declines, or leaves the caller not knowing.
//   - Charging: the payment with the intent's own life at the processor: 3-D Secure, webhooks as hints beside answers, two
//     callers with one key, lost requests and replies, the processor's rules for keys, the fence for the key of an order that
//     was cancelled meanwhile, look-ups that find nothing, the clock. Its order and warehouse begin with the stock reserved,
//     send one shipment, and get each message once.
//
// Refunds of several causes, with their amounts, are explored in payment-service/internal/domain, and so is money that moves at the
// processor by somebody else's hand, before or after the result of the charge is known.
//
// In every state: at most one charge; never more refunded than charged; goods never sent and refunded, unless people decide it after they left; nothing shipped
// without goods. Where nothing is under way: a cancelled order has its stock and its money back, a confirmed one has
// exactly one charge and its stock, and no order waits for ever. And from every state the system can still end well by
// its own steps, without a shopper, a webhook or luck.
//
// That the models can find anything at all is shown by planting mistakes in the tables, the network and the processor: each
// has to be found, by its name.
//
// The numbers of states are those of independent models that were written, in another language, before this code, once they
// are given the refinements of these tables.
//
// WholeSaga (223,132 there): an unwanted payment that is declined, or fenced, is voided in silence instead of failing
// aloud, and that it was unwanted is not told apart any more once its money goes back. With these it has 219,604 as well.
//
// Charging (152,031 there): a webhook is no fact but a hint, which makes a payment that is called know its intent, so that this is
// looked at instead of called for or fenced, and makes one that has ended be looked at once; a look-up that finds nothing
// leaves a trace; the time to authenticate can be over; and that it was unwanted is told apart only while it is called or
// being voided. With these it has 160,401 as well.
package model
