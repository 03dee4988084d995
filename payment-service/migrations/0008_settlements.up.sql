-- How money went back that a person settles: outside the processor, or by refunds at the processor's console. An earlier version
-- called both done.
alter table refund_acts
    drop constraint refund_acts_act_check,
    add constraint refund_acts_act_check check (act in ('asked', 'confirmed', 'rejected', 'done', 'outside', 'console', 'retry', 'abandon'));
