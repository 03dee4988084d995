-- In a transaction of its own: while it reads the table, people sign in, and only who registers or changes an account waits (half a
-- second for a million accounts). A database that had the first version of 0009 has the index.
create index if not exists users_look on users (look) where look is not null;
