alter table payments drop column books;
