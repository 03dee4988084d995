update sessions set revoke_reason = 'revoked_by_user' where revoke_reason = 'too_many_sessions';
alter table sessions drop constraint sessions_revoke_reason_check, add constraint sessions_revoke_reason_check check (
    revoke_reason in ('logout', 'revoked_by_user', 'password_changed', 'blocked', 'refresh_token_reused')
);
