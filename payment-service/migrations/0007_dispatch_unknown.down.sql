alter table payments drop column dispatch_unknown;
