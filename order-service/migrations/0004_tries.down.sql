alter table parked drop column trying_until;
