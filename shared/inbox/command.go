package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
)

const pollEvery = 200 * time.Millisecond // while a try runs

var errUsage = errors.New("usage: parked list | show ID | replay ID | edit ID FILE | drop ID REASON")

// Codec reads and writes the bodies of a service's messages for people. Its errors are sentences.
type Codec struct {
	ToJSON func(eventType string, body []byte) ([]byte, error)
	// FromJSON refuses what the consumer's handler could not read.
	FromJSON func(eventType string, text []byte) ([]byte, error)
}

// terminal is where an operator reads and writes.
type terminal struct {
	codec Codec
	out   io.Writer
}

// Command handles "parked ..." for operators, about the messages that the consumer has put aside; handled is false when args
// are another command.
func Command(ctx context.Context, args []string, c postgres.Config, consumer string, codec Codec) (handled bool, err error) {
	if len(args) == 0 || args[0] != "parked" {
		return false, nil
	}
	do, err := terminal{codec, os.Stdout}.parse(args[1:])
	if err != nil {
		return true, err
	}
	// A service waits for its database; somebody at a terminal wants to hear that it is away.
	opening, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	pool, err := postgres.Open(opening, c)
	if err != nil {
		return true, fmt.Errorf("open the database: %w", sentence(err))
	}
	defer pool.Close()
	return true, sentence(do(ctx, Parked{Pool: pool, Consumer: consumer}))
}

// act is what a command does once the database is open.
type act func(context.Context, Parked) error

// parse reads the command line, so that a mistake in it needs no database.
func (t terminal) parse(args []string) (act, error) {
	words := map[string]int{"list": 1, "show": 2, "replay": 2, "edit": 3, "drop": 3}
	if len(args) == 0 || len(args) != words[args[0]] {
		return nil, errUsage
	}
	if args[0] == "list" {
		return t.list, nil
	}
	id, err := uuid.Parse(args[1])
	if err != nil {
		return nil, fmt.Errorf("%q is no id of a message: ids are UUIDs, as parked list prints them", args[1])
	}
	return t.about(id.String(), args)
}

// about is what a command does about one message.
func (t terminal) about(id string, args []string) (act, error) {
	switch args[0] {
	case "show":
		return func(ctx context.Context, p Parked) error { return t.show(ctx, p, id) }, nil
	case "replay":
		return t.patient(func(ctx context.Context, p Parked) error { return p.Replay(ctx, id) }), nil
	case "edit":
		text, err := os.ReadFile(args[2])
		return t.patient(func(ctx context.Context, p Parked) error { return t.edit(ctx, p, id, text) }), err
	default:
		return t.patient(func(ctx context.Context, p Parked) error { return p.Drop(ctx, id, storable(args[2])) }), nil
	}
}

// patient makes a decision as soon as no try of the message runs, and gives up when the try that runs first must be over.
func (t terminal) patient(decide act) act {
	return func(ctx context.Context, p Parked) error {
		err := decide(ctx, p)
		tried, ok := errors.AsType[*fault.Error](err)
		if !ok || !errors.Is(err, ErrBeingTried) {
			return err
		}
		_, _ = fmt.Fprintf(t.out, "A try of the message is running; waiting for its end, at most %s.\n", seconds(tried.RetryAfter))
		limit := time.After(tried.RetryAfter + pollEvery)
		poll := time.NewTicker(pollEvery)
		defer poll.Stop()
		for errors.Is(err, ErrBeingTried) {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-limit:
				return decide(ctx, p)
			case <-poll.C:
				err = decide(ctx, p)
			}
		}
		return err
	}
}

func (t terminal) list(ctx context.Context, p Parked) error {
	found, err := p.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tSTATUS\tTRIES\tTYPE\tSUBJECT\tPARKED\tREASON")
	for _, m := range found {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%q\t%q\t%s\t%q\n",
			m.ID, m.Status, m.Attempts, m.Type, m.Subject, m.ParkedAt.UTC().Format(time.RFC3339), firstLine(m.Reason))
	}
	return table.Flush()
}

// shown is a message with its body as people read it. Raw is there when JSON would not say all of it.
type shown struct {
	Message
	Body    json.RawMessage `json:"body,omitempty"`
	Raw     []byte          `json:"body_base64,omitempty"`
	Problem string          `json:"body_problem,omitempty"`
}

func (t terminal) show(ctx context.Context, p Parked, id string) error {
	m, err := p.Show(ctx, id)
	if err != nil {
		return err
	}
	s := shown{Message: m}
	if s.Body, err = t.codec.ToJSON(m.Type, m.Body); err != nil {
		s.Raw, s.Problem = m.Body, err.Error()
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(s)
}

func (t terminal) edit(ctx context.Context, p Parked, id string, text []byte) error {
	m, err := p.Show(ctx, id)
	if err != nil {
		return err
	}
	body, err := t.codec.FromJSON(m.Type, text)
	if err != nil {
		return fmt.Errorf("the message is as it was: %w", err)
	}
	return p.Edit(ctx, id, body)
}
