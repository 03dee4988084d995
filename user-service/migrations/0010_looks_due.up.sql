-- The accounts whose look is not known. They have a table, because an index of them on users would be built under a lock that stops everybody who
-- registers: four seconds for a million accounts. The first version of 0009 built one.
drop index if exists users_without_look;
create table looks_due (user_id uuid primary key);

-- An operator's statement may come without a search path. Whoever writes here has locked the user's row before.
create function looks_due_kept() returns trigger language plpgsql set search_path from current as $$
begin
    insert into looks_due values (new.id) on conflict do nothing;
    return null;
end $$;
create trigger users_look_due after insert or update of email, look on users for each row when (new.look is null) execute function looks_due_kept();
