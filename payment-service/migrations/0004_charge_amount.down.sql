alter table payments drop column charge_amount, drop column charge_currency;
