-- When the try that runs now is over at the latest; null while none runs. Until then nobody decides about the message.
alter table parked add column trying_until timestamptz;
