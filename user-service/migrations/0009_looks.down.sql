drop trigger users_look_guard on users;
drop function users_look_guard();
alter table users drop column look;
