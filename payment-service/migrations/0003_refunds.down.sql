drop table refund_acts;
drop function refund_acts_only_grow();
drop index refunds_waiting;
drop index refunds_by_asker;
update refunds set status = 'failed', failure_code = coalesce(failure_code, 'needs_attention') where status in ('awaiting_confirmation', 'rejected', 'needs_attention');
alter table refunds
    drop constraint refunds_four_eyes,
    drop constraint refunds_failure,
    drop constraint refunds_status_check,
    add constraint refunds_check1 check ((status = 'failed') = (failure_code is not null)),
    add constraint refunds_status_check check (status in ('pending', 'done', 'failed')),
    drop column confirmed_by,
    drop column asked_by,
    drop column trace,
    drop column note;
alter table payments
    drop constraint payments_dispute,
    drop column dispute_state,
    drop column dispute_id,
    drop column dispatched;
