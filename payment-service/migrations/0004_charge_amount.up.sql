-- What the processor is asked for, in its own units: decided when the attempt is marked, and the same for every repetition under
-- its key. Without it, an earlier version asked for amount and currency as they are.
alter table payments
    add column charge_amount   bigint,
    add column charge_currency text,
    add constraint payments_charge_is_whole check ((charge_amount is null) = (charge_currency is null));
