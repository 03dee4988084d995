package automaton

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// lamp is switched on and off, and counts; a broken one refuses.
type lamp struct {
	on    bool
	times int
}

func subject(key func(lamp) string, limit int) Subject[lamp] {
	return Subject[lamp]{
		Aggregate: "lamp", Inputs: []string{"on", "off", "kick"}, Key: key,
		Step: func(l lamp, input string) (lamp, Outcome) {
			switch {
			case input == "kick":
				return l, Outcome{Refused: fmt.Errorf("kick %d: %w", l.times, errors.New("do not kick"))}
			case l.on == (input == "on") || input == "on" && l.times >= limit:
				return l, Outcome{}
			case input == "on":
				return lamp{true, l.times + 1}, Outcome{Emits: []string{"lit"}, Effects: []string{"light"}}
			}
			return lamp{false, l.times}, Outcome{}
		},
	}
}

func colour(l lamp) string {
	if l.on {
		return "bright"
	}
	return "dark"
}

func TestWalk_FindsEveryStateAndWhatHappensInIt(t *testing.T) {
	table, err := Walk(subject(colour, 1<<30))
	require.NoError(t, err)
	require.Equal(t, []Row{
		{State: "dark", Input: "on", Next: "bright", Emits: []string{"lit"}, Effects: []string{"light"}},
		{State: "dark", Input: "kick", Next: "dark", Refused: "do not kick"},
		{State: "bright", Input: "off", Next: "dark"},
		{State: "bright", Input: "kick", Next: "bright", Refused: "do not kick"},
	}, table.Rows)
	require.Equal(t, []string{"dark", "bright"}, table.States())
}

func TestWalk_RefusesAKeyThatHidesADifference(t *testing.T) {
	_, err := Walk(subject(colour, 1))
	require.ErrorContains(t, err, `the key "dark" is too coarse`)
}

func TestPublish_WritesBothFilesAndCheckSeesThemGoStale(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "docs"), 0o755))
	readme := filepath.Join(dir, "README.md")
	write := func(text string) { require.NoError(t, os.WriteFile(readme, []byte(text), 0o600)) }
	table, err := Walk(subject(colour, 1<<30))
	require.NoError(t, err)

	write("# Lamp\n")
	require.ErrorContains(t, Publish(dir, table), "no lines")
	write("# Lamp\n" + begin + "\nold\n" + end + "\nThe rest.\n")
	require.ErrorContains(t, Check(dir, table), "is stale")
	require.NoError(t, Publish(dir, table))
	require.NoError(t, Check(dir, table))
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	require.Equal(t, "# Lamp\n"+begin+"\n\n"+
		"| state | input | new state | emits | effects |\n|---|---|---|---|---|\n"+
		"| dark | on | bright | `lit` | light |\n"+
		"| dark | kick |  |  | refused: do not kick |\n"+
		"| bright | off | dark |  |  |\n"+
		"| bright | kick |  |  | refused: do not kick |\n"+
		"\n"+end+"\nThe rest.\n", string(text))

	loaded, err := Load(filepath.Join(dir, "docs", "transitions.json"))
	require.NoError(t, err)
	require.Equal(t, table, loaded)
	require.ErrorContains(t, Check(dir, table.Without("dark", "on")), "transitions.json is stale")
}

func TestCommand_PublishesWhereItIsTold(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "docs"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte(begin+"\n"+end+"\n"), 0o600))
	walk := func() (Table, error) { return Walk(subject(colour, 1<<30)) }
	require.NoError(t, Command([]string{dir}, walk))
	table, err := walk()
	require.NoError(t, err)
	require.NoError(t, Check(dir, table))
	require.ErrorContains(t, Command(nil, walk), "usage")
	require.ErrorContains(t, Command([]string{dir}, func() (Table, error) { return Walk(subject(colour, 1)) }), "too coarse")
}

func TestMachine_StepsAsTheTableSays(t *testing.T) {
	table, err := Walk(subject(colour, 1<<30))
	require.NoError(t, err)
	m, err := Compile(table.Patched(Row{State: "bright", Input: "smash", Next: "broken"}).Without("bright", "off"))
	require.NoError(t, err)
	state, row := m.Step(m.State("dark"), m.Input("on"))
	require.Equal(t, "bright", m.Name(state))
	require.Equal(t, []string{"lit"}, row.Emits)
	same, row := m.Step(state, m.Input("off"))
	require.Equal(t, state, same)
	require.Nil(t, row)
	state, _ = m.Step(state, m.Input("smash"))
	require.Equal(t, "broken", m.Name(state))
	require.Panics(t, func() { m.Input("of") })
	require.Panics(t, func() { m.State("brihgt") })

	table.Rows = append(table.Rows, table.Rows[0])
	_, err = Compile(table)
	require.ErrorContains(t, err, "two rows")
}

// counter goes up by itself to 3 and by the world to 5.
func counter(wrong, good int) Model[int] {
	return Model[int]{
		Steps: func(n int, yield func(Step[int])) {
			if n < 5 {
				yield(Step[int]{Name: "up", World: n >= 3, To: n + 1})
			}
		},
		Wrong: func(n int) string {
			if n == wrong {
				return "wrong"
			}
			return ""
		},
		Good: func(n int) bool { return n == good },
	}
}

func TestExplore_VisitsAllAndShowsTheWayToWhatIsWrong(t *testing.T) {
	r := Explore(counter(-1, 5), 100)
	require.Equal(t, 6, r.States)
	require.Equal(t, []string{}, r.Stuck, "nothing may depend on the world: not even the start can end well")
	require.False(t, r.OK())

	r = Explore(counter(-1, 3), 100)
	require.Len(t, r.Stuck, 4, "behind the good state there is no way back")

	r = Explore(counter(2, 1), 100)
	require.Equal(t, map[string][]string{"wrong": {"up", "up"}}, r.Violations)
	require.Equal(t, 3, r.States, "nothing is explored behind what is wrong")

	fine := counter(-1, 3)
	fine.Steps = func(n int, yield func(Step[int])) { yield(Step[int]{Name: "turn", To: (n + 1) % 4}) }
	require.True(t, Explore(fine, 100).OK())
	require.Contains(t, Explore(fine, 2).Violations, "more states than the limit")
}
