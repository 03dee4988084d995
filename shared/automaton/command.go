package automaton

import "errors"

// Command publishes the table in the folder of the service that args name, for the program that go generate runs.
func Command(args []string, table func() (Table, error)) error {
	if len(args) != 1 {
		return errors.New("usage: transitions <folder of the service>")
	}
	t, err := table()
	if err != nil {
		return err
	}
	return Publish(args[0], t)
}
