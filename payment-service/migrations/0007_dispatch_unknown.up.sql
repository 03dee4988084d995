-- Of payments that were captured before this service heard of shipments (0003), it is not known whether goods have left. The flag
-- is never taken away: dispatched is what counts once it is true, also for a replica of an earlier version.
alter table payments add column dispatch_unknown boolean not null default false;

-- When that was is not recorded. What 0003 and its version, or a later one, wrote first is the latest that it can have been: a
-- payment that was captured after it is known exactly. Orders that were cancelled have sent nothing.
with heard as (
    select least(
        (select min(at) from refund_acts),
        (select min(created_at) from refunds where trace <> '' or asked_by is not null),
        (select min(updated_at) from payments where dispatched or dispute_id is not null),
        (select min(marked_at) from payments where charge_amount is not null)
    ) as since
)
update payments p set dispatch_unknown = true
from heard
where p.state = 'captured' and not p.dispatched and not p.unwanted
  and not exists (select from ledger l where l.payment_id = p.id and l.kind = 'charge' and l.at >= heard.since);
