-- Money is said to have moved after the capture, while it is not known yet whether there was one: the processor's books are read as
-- soon as the payment is captured.
alter table payments add column books boolean not null default false;
