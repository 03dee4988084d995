-- In a transaction of its own: this reads the table, and stops nobody meanwhile.
alter table sessions validate constraint sessions_revoke_reason_check;
