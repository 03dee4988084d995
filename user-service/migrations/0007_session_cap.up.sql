-- Sessions of a user beyond the hundredth end with a reason of their own.
alter table sessions drop constraint sessions_revoke_reason_check, add constraint sessions_revoke_reason_check check (
    revoke_reason in ('logout', 'revoked_by_user', 'password_changed', 'blocked', 'refresh_token_reused', 'too_many_sessions')
) not valid;
