package outbox

import (
	"context"
	"time"
)

const (
	// markEvery groups the marks: a commit for each event would cost as much as the event. It is far below retry_at.
	markEvery = 100 * time.Millisecond
	markGroup = 500
	// markBacklog bounds the ids that wait while the database is away. A lost mark is a duplicate event, nothing worse.
	markBacklog = 50_000
	// queryTimeout bounds each of the publisher's own statements.
	queryTimeout = 5 * time.Second
)

// mark writes down what was sent, in groups, until the marks end.
func (p *Publisher) mark() {
	ticker := time.NewTicker(markEvery)
	defer ticker.Stop()
	var sent []string
	for {
		select {
		case ids, open := <-p.marks:
			if !open {
				p.markSent(sent)
				return
			}
			sent = append(sent, ids...)
			if len(sent) < markGroup {
				continue
			}
		case <-ticker.C:
		}
		sent = p.markSent(sent)
	}
}

const markRows = `update outbox set sent_at = now() where id = any ($1) and sent_at is null`

// markSent returns the ids that are still to be marked.
func (p *Publisher) markSent(sent []string) []string {
	if len(sent) == 0 {
		return sent
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	if _, err := p.pool.Exec(ctx, markRows, sent); err != nil {
		p.log.Warn().Err(err).Int("events", len(sent)).Msg("events sent and not marked; they may be sent twice")
		return sent[max(0, len(sent)-markBacklog):]
	}
	return nil
}
