package domain

import "errors"

// What can go wrong by the rules. The handler gives each its code on the wire.
var (
	ErrEmailInvalid   = errors.New("not an e-mail address")
	ErrEmailTaken     = errors.New("the e-mail address is already registered")
	ErrPasswordLength = errors.New("a password has 8 to 128 characters")
	ErrPasswordCommon = errors.New("one of the passwords that guessers try first")
	ErrNameInvalid    = errors.New("a name has 1 to 100 printable characters")
	ErrRoleUnknown    = errors.New("unknown role")
	ErrUserNotFound   = errors.New("no such user")
	ErrLastAdmin      = errors.New("the last active admin keeps the role")
	ErrBlocked        = errors.New("the account is blocked")
	ErrNotAdmin       = errors.New("only an active admin may do this")

	// ErrLooksLikeStaff refuses an account that people would take for another one, when one of the two is of the staff.
	ErrLooksLikeStaff = errors.New("the address looks like another one, of the staff")

	// ErrCredentials is the one answer to a wrong password and to an unknown
	// e-mail address.
	ErrCredentials = errors.New("wrong e-mail address or password")
	// ErrPasswordWrong answers a signed-in user who mistypes the current password.
	ErrPasswordWrong = errors.New("the current password is wrong")

	ErrSessionNotFound = errors.New("no such session")
	// ErrSessionEnded answers every refresh token that is of no use: unknown,
	// expired, revoked or replayed. Which of them is not the presenter's business.
	ErrSessionEnded = errors.New("the session has ended")
)
