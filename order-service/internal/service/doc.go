// Package service is what order-service does: it takes orders (Placing), changes them when somebody or another service
// says so (Changing), and cancels those whose time is up (Deadlines). The rules are the domain's; this package brings
// together what they need.
package service
