drop trigger users_look_due on users;
drop function looks_due_kept();
drop table looks_due;
