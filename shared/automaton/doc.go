// Package automaton turns a service's pure transition functions into a table that people read and models explore.
//
// Walk runs the real functions of one aggregate from its first state with every input, until no new state appears, and
// returns the finite table of what they do. Publish writes it as docs/transitions.json and between two markers of
// the service's README; Check is for the test that fails when either is stale. A Machine reads the table back, row by
// row, and Explore visits every state of whatever is composed of machines: the saga in infrastructure/e2e/model.
//
// Nothing here runs in a service. It exists so that the tables that are explored are the code and not a copy of it.
package automaton
