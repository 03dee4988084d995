-- What people did is never changed, so the acts that an earlier version did not know stay as they are.
alter table refund_acts
    drop constraint refund_acts_act_check,
    add constraint refund_acts_act_check check (act in ('asked', 'confirmed', 'rejected', 'done', 'retry', 'abandon')) not valid;
