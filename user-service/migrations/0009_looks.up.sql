-- What an address looks like: a hash of its skeleton (UTS #39), which addresses share that people cannot tell apart. The service computes it;
-- rows from before, and those of older replicas, have none until a job of the service has filled it in.
alter table users add column look bytea;

-- The last guard against impostors: of two active accounts whose addresses look alike, none is of the staff. The lock makes a registration
-- and a grant of roles that begin at the same moment see each other. There are 256 of it, so that a statement with many rows has enough. An operator's
-- statement may come without a search path.
create function users_look_guard() returns trigger language plpgsql set search_path from current as $$
declare
    staff constant text[] := '{warehouse,support,admin}';
begin
    if tg_op = 'UPDATE' and new.email <> old.email and new.look is not distinct from old.look then
        new.look := null; -- an operator changed the address: it is computed anew
    end if;
    if new.look is null or new.status <> 'active' or tg_op = 'UPDATE' and (new.roles, new.status) = (old.roles, old.status) then
        return new;
    end if;
    perform pg_advisory_xact_lock(hashtext(current_schema() || 'look'), get_byte(new.look, 0));
    if exists (
        select from users u
        where u.look = new.look and u.email <> new.email and u.status = 'active' and (u.roles && staff or new.roles && staff)
    ) then
        raise exception 'another address looks like one of the staff' using errcode = 'check_violation', constraint = 'users_look';
    end if;
    return new;
end $$;
create trigger users_look_guard before insert or update of email, roles, status on users for each row execute function users_look_guard();
