package inbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/inbox"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
)

// plain is a codec whose bodies are texts.
var plain = inbox.Codec{
	ToJSON: func(_ string, body []byte) ([]byte, error) {
		if bytes.HasPrefix(body, []byte{0xff}) {
			return nil, errors.New("the body is no text")
		}
		return json.Marshal(string(body))
	},
	FromJSON: func(_ string, text []byte) ([]byte, error) {
		var body string
		if json.Unmarshal(text, &body) != nil {
			return nil, errors.New("the JSON is no text")
		}
		return []byte(body), nil
	},
}

type shown struct {
	ID, Status string
	Body       string `json:"body"`
	Raw        []byte `json:"body_base64"`
	Problem    string `json:"body_problem"`
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

func TestCommand_P11_ListShowEditReplayAndDrop(t *testing.T) {
	t.Parallel()
	db := database(t)
	_, batch := dead(t, db)
	command := func(args ...string) string {
		var out bytes.Buffer
		require.NoError(t, operator(db).Run(t.Context(), plain, &out, args...))
		return out.String()
	}
	list := command("list")
	require.Contains(t, list, batch[0].ID)
	require.Contains(t, list, "poison")
	var first shown
	require.NoError(t, json.Unmarshal([]byte(command("show", batch[0].ID)), &first))
	require.Equal(t, shown{ID: batch[0].ID, Status: "dead", Body: "poison"}, first)

	command("edit", batch[0].ID, file(t, `"cured"`))
	command("replay", batch[0].ID)
	awaitStatus(t, db.Pool, batch[0].ID, "done")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from effects where body = 'cured'`))

	command("drop", batch[1].ID, "never existed")
	require.Equal(t, "never existed", parked(t, db.Pool, batch[1].ID).Reason)
	for _, m := range batch {
		err := operator(db).Run(t.Context(), plain, nil, "replay", m.ID)
		require.ErrorIs(t, err, inbox.ErrNotParked)
		require.EqualError(t, err, "No message of that id waits or is dead.")
	}
	require.NotContains(t, command("list"), batch[1].ID)
}

func TestCommand_ShowsABodyThatCannotBeReadAsItIs(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := messages("\xff\x00")
	require.NoError(t, consumer(db.Pool, newWork(db.Pool)).Batch(t.Context(), redelivered(m)))
	var out bytes.Buffer
	require.NoError(t, operator(db).Run(t.Context(), plain, &out, "show", m[0].ID))
	var got shown
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	require.Equal(t, shown{ID: m[0].ID, Status: "waiting", Raw: []byte("\xff\x00"), Problem: "the body is no text"}, got)
}

func TestCommand_AnEditThatIsNoBodyOfTheTypeChangesNothing(t *testing.T) {
	t.Parallel()
	db := database(t)
	_, batch := dead(t, db)
	err := operator(db).Run(t.Context(), plain, nil, "edit", batch[0].ID, file(t, `{"not": "a text"}`))
	require.EqualError(t, err, "the message is as it was: the JSON is no text")
	require.Equal(t, 2, count(t, db.Pool, `select count(*) from parked where body = 'poison'`))
}

func TestCommand_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	nowhere := postgres.Config{URL: "postgres://nobody:x@127.0.0.1:1/none"}
	const id = "0190a000-0000-7000-8000-000000000001"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"parked"}, "usage"},
		{[]string{"parked", "lists"}, "usage"},
		{[]string{"parked", "list", "all"}, "usage"},
		{[]string{"parked", "replay"}, "usage"},
		{[]string{"parked", "drop", id}, "usage"},
		{[]string{"parked", "edit", id, "/no/such/file"}, "/no/such/file"},
		{[]string{"parked", "show", "order-7"}, `"order-7" is no id of a message`},
	} {
		handled, err := inbox.Command(t.Context(), c.args, nowhere, queue, plain)
		require.True(t, handled)
		require.ErrorContains(t, err, c.want, "%v", c.args)
	}
	handled, err := inbox.Command(t.Context(), []string{"migrate", "up"}, nowhere, queue, plain)
	require.NoError(t, err)
	require.False(t, handled)
}

func TestCommand_SaysThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	started := time.Now()
	handled, err := inbox.Command(t.Context(), []string{"parked", "list"}, postgres.Config{URL: "postgres://nobody:x@127.0.0.1:1/none"}, queue, plain)
	require.True(t, handled)
	require.ErrorContains(t, err, "open the database")
	require.Less(t, time.Since(started), 20*time.Second, "it gave up by itself")
}

func TestCommand_SaysWithoutSQLThatTheSchemaIsMissing(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "empty", fstest.MapFS{"0001_nothing.up.sql": {Data: []byte("select 1")}})
	for _, args := range [][]string{{"list"}, {"replay", "0190a000-0000-7000-8000-000000000001"}} {
		err := operator(db).Run(t.Context(), plain, nil, args...)
		require.EqualError(t, err, "The database has no table of parked messages. Run migrate up first.", "%v", args)
	}
}
