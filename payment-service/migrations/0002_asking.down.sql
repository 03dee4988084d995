alter table payments drop column asked, drop column again, drop column find_cursor, drop column entered_at;
