update refunds set failure_code = 'abandoned', failure_message = 'The refund was given up by the staff.'
where status = 'failed' and failure_code = 'withdrawn';
