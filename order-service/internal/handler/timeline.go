package handler

import (
	"context"
	"encoding/json"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/web"
)

// Event is an entry of an order's timeline.
type Event struct {
	Seq        int             `json:"seq" doc:"From 1, without gaps"`
	Type       string          `json:"type" maxLength:"40" example:"order.confirmed"`
	OccurredAt time.Time       `json:"occurred_at"`
	Source     string          `json:"source" maxLength:"40" doc:"Who said so: customer, support, deadline or a service"`
	Data       json.RawMessage `json:"data" maxBytes:"4096" doc:"What belongs to the type"`
	TraceID    string          `json:"trace_id,omitempty" maxLength:"32" format:"foreign-id"`
}

type timelineInput struct {
	web.Page
	ID web.ID `path:"id"`
}

type timelineOutput struct{ Body web.List[Event] }

func (h *Orders) timeline(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
	o, err := h.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	cursor := web.NewCursor[int]("timeline.1", in, o.ID)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	entries, err := h.Reading.Timeline(ctx, o.ID, after, in.Limit+1)
	if err != nil {
		return nil, refuse(err)
	}
	return &timelineOutput{Body: web.PageOf(cursor, entries, in.Limit, eventShape, func(e domain.Recorded) int { return e.Seq })}, nil
}

func eventShape(e domain.Recorded) Event {
	return Event{Seq: e.Seq, Type: e.Type, OccurredAt: e.OccurredAt, Source: e.Source, Data: e.Data, TraceID: e.TraceID}
}
