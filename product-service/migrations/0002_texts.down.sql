-- Repaired texts stay as they are.
drop index categories_name;
create unique index categories_name on categories (lower(name));
drop table text_repairs;
drop function text_key(text);
