drop index users_searched;
alter table users drop column searched;
drop function text_parts(text, int, int);
