// Package model explores the saga: every state that one order, its stock and its money can reach together, with messages
// that come once or twice in any order, calls whose answers get lost, and people who cancel and dispatch at any moment.
//
// The machines are not written down here. They are the tables that order, warehouse and payment generate from their own
// transition functions (docs/transitions.json of each), so what is explored is what runs. The package adds what lies
// between them: the network, the card processor, the shopper, the people in the warehouse. It takes seconds and needs no
// server.
//
// The product of everything is too large, so there are two models, each whole in its own half:
//
//   - WholeSaga: order and warehouse with two shipments, two cancels, the deadline, dispatches and deliveries; the processor
//     captures, declines, or leaves the caller not knowing.
//   - Charging: the payment with the intent's own life at the processor: 3-D Secure, webhooks beside answers, two callers
//     with one key, lost requests and replies, a reconciler, a look-up that gives up too early. Its order and warehouse begin
//     with the stock reserved, send one shipment, and get each message once.
//
// Refunds of several causes, with their amounts, are explored in payment-service/internal/domain.
//
// In every state: at most one charge; never more refunded than charged; goods never sent and refunded; nothing shipped
// without goods. Where nothing is under way: a cancelled order has its stock and its money back, a confirmed one has
// exactly one charge and its stock, and no order waits for ever. And from every state the system can still end well by
// its own steps, without a shopper, a webhook or luck.
//
// That the models can find anything at all is shown by planting mistakes in the tables, the network and the processor: each
// has to be found, by its name.
//
// The numbers of states are those of an independent model that was written, in another language, before this code (223,132
// and 189,909), but for two refinements of the tables: an unwanted payment that is declined, or given up, is voided in
// silence instead of failing aloud, and that it was unwanted is not told apart any more once its money goes back. With
// these two the independent model has 219,604 and 191,269 states as well.
package model
