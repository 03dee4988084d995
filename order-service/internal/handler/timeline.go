package handler

import (
	"context"
	"encoding/json"
	"time"

	"marketplace/shared/web"
)

// Event is an entry of an order's timeline.
type Event struct {
	Seq        int             `json:"seq" doc:"From 1, without gaps"`
	Type       string          `json:"type" example:"order.confirmed"`
	OccurredAt time.Time       `json:"occurred_at"`
	Source     string          `json:"source" doc:"Who said so: customer, support, deadline or a service"`
	Data       json.RawMessage `json:"data" doc:"What belongs to the type"`
	TraceID    string          `json:"trace_id,omitempty"`
}

type timelineInput struct {
	ID string `path:"id"`
}

type timelineOutput struct{ Body web.List[Event] }

func (h *Orders) timeline(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
	o, err := h.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	entries, err := h.Reading.Timeline(ctx, o.ID)
	if err != nil {
		return nil, refuse(err)
	}
	events := make([]Event, len(entries))
	for i, e := range entries {
		events[i] = Event{Seq: e.Seq, Type: e.Type, OccurredAt: e.OccurredAt, Source: e.Source, Data: e.Data, TraceID: e.TraceID}
	}
	return &timelineOutput{Body: web.NewList(events, "")}, nil
}
