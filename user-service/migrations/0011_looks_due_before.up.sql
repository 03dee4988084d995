-- The accounts from before. In a transaction of its own: this reads the table of users, and stops nobody meanwhile.
insert into looks_due select id from users where look is null on conflict do nothing;
