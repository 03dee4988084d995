// Package service is what can be done with accounts: Auth signs people in and
// keeps them signed in, Accounts changes users, Revocations makes every process of
// the marketplace forget access tokens that must not count any more.
package service
