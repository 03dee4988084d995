package handler

import (
	"errors"

	"marketplace/shared/fault"
	"marketplace/user-service/internal/domain"
)

// codes says what each error of the domain is on the wire. The codes are stable;
// README.md lists them.
var codes = []struct {
	err   error
	fault *fault.Error
}{
	{domain.ErrEmailInvalid, fault.New(fault.Invalid, "email_invalid", "That is not an e-mail address.")},
	{domain.ErrEmailTaken, fault.New(fault.Conflict, "email_taken", "There is an account with this e-mail address.")},
	{domain.ErrPasswordLength, fault.New(fault.Invalid, "password_length", "A password has 8 to 128 characters.")},
	{domain.ErrPasswordCommon, fault.New(fault.Invalid, "password_common", "This password is one of the first that are guessed; choose another one.")},
	{domain.ErrNameInvalid, fault.New(fault.Invalid, "name_invalid", "A name has 1 to 100 printable characters.")},
	{domain.ErrRoleUnknown, fault.New(fault.Invalid, "role_unknown", "There is no such role.")},
	{domain.ErrUserNotFound, fault.New(fault.NotFound, "not_found", "There is no such user.")},
	{domain.ErrSessionNotFound, fault.New(fault.NotFound, "not_found", "There is no such session.")},
	{domain.ErrLastAdmin, fault.New(fault.Conflict, "last_admin", "The last active admin stays one.")},
	{domain.ErrLooksLikeStaff, fault.New(fault.Conflict, "looks_like_staff", "Another active account has an address that looks like this one.")},
	{domain.ErrNotAdmin, fault.New(fault.Forbidden, "role_missing", "Your roles do not allow this any more.")},
	{domain.ErrBlocked, fault.New(fault.Forbidden, "account_blocked", "The account is blocked.")},
	{domain.ErrCredentials, fault.New(fault.Unauthenticated, "invalid_credentials", "The e-mail address or the password is wrong.")},
	{domain.ErrPasswordWrong, fault.New(fault.Invalid, "password_wrong", "The current password is wrong.")},
	{domain.ErrSessionEnded, fault.New(fault.Unauthenticated, "session_ended", "The session has ended: sign in again.")},
}

// translate gives a domain error its fault; others pass as they are.
func translate(err error) error {
	for _, known := range codes {
		if errors.Is(err, known.err) {
			return known.fault
		}
	}
	return err
}
