-- What a person gives up of an order that has ended is kept, and not asked for again. What he gave up before that is owed when
-- the order is cancelled, so it has a code of its own. An earlier version called both abandoned.
update refunds r set failure_code = 'withdrawn', failure_message = 'The refund was withdrawn by the staff.'
from payments p
where p.id = r.payment_id and r.status = 'failed' and r.failure_code = 'abandoned'
  and r.cause not like 'order:%:cancelled:%'
  and (not p.unwanted or r.settled_at < (
      select min(c.created_at) from refunds c where c.payment_id = p.id and c.cause like 'order:%:cancelled:%'));
