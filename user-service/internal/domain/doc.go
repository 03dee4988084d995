// Package domain holds the rules about people and their sign-ins, as pure
// functions: no database, no HTTP, no clock of its own.
//
// A User has an e-mail address, roles and a status:
//
//	        Block
//	active -------> blocked      a blocked user has no live session and
//	       <-------              gets none until unblocked
//	        Unblock
//
// A Session is one sign-in on one device: a family of refresh tokens, numbered
// by generation, of which exactly one is current.
//
//	present generation n (current)      -> n+1 becomes current      Rotated
//	present n-1 within 30 s of rotation -> n is handed out again    Replayed
//	present anything older              -> the family is revoked    Reused
//	revoked or expired                  -> refused                  ErrSessionEnded
//
// The grace window exists because ten tabs of one browser refresh at the same
// moment with the same token. It closes early: once n has itself been used,
// n-1 is older than the direct predecessor, and showing it means that two
// parties hold tokens of one family.
package domain
