-- The audit log: one row for each act on an account, written in the transaction of the act. user_id is whose account it was, null for a failed
-- sign-in with an address that has no account. actor_id is who did it, null for a failed sign-in and for the service itself.
create table audit_log (
    id           bigint      generated always as identity primary key,
    user_id      uuid        references users (id),
    actor_id     uuid,
    action       text        not null check (action in (
        'created', 'renamed', 'roles_changed', 'blocked', 'unblocked', 'password_changed', 'signed_in', 'session_ended', 'sign_in_failed'
    )),
    reason       text,
    session_id   uuid,
    roles_before text[],
    roles_after  text[],
    network      text        not null, -- where the request came from, empty for the service itself
    created_at   timestamptz not null,
    constraint audit_log_has_an_account check (user_id is not null or action = 'sign_in_failed'),
    constraint audit_log_names_roles check ((action = 'roles_changed') = (roles_before is not null and roles_after is not null))
);
create index audit_log_user on audit_log (user_id, id) where user_id is not null;
create index audit_log_failed on audit_log (created_at) where action = 'sign_in_failed';

-- Rows are never changed, and never deleted, except failed sign-ins after 90 days: strangers decide how many of these there are.
create function audit_log_guard() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if old.action = 'sign_in_failed' and old.created_at < now() - interval '90 days' then
            return old;
        end if;
    end if;
    raise exception 'the audit log is append-only' using errcode = 'check_violation', constraint = 'audit_log_append_only';
end
$$;
create trigger audit_log_guard before update or delete on audit_log for each row execute function audit_log_guard();
create trigger audit_log_truncate before truncate on audit_log for each statement execute function audit_log_guard();
