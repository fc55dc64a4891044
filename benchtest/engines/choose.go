package engines

import (
	"fmt"
	"strings"
)

// Settings is what the user said of the engine. The zero value says nothing.
type Settings struct {
	Command string // program and arguments of the engine command, as shell words
	Env     string // comma-separated names of variables that the engine command is given
	Main    string // model of an engine that is a Modeler
	// Secondary is the second model of such an engine.
	Secondary string
}

// A Modeler is an Engine whose models can be chosen.
type Modeler interface {
	Engine
	// WithModels returns the engine with these models; "" keeps its own.
	WithModels(main, secondary string) (Engine, error)
}

func own(command *Command) []Engine { return []Engine{Solver{}, Noop{}, Mock{}, command} }

// Own lists the names of benchtest's own engines, which no other may have.
func Own() []string {
	var names []string
	for _, e := range own(&Command{}) {
		names = append(names, e.Name())
	}
	return names
}

// Choose adds benchtest's own engines to r, which holds the user's, and
// returns the one called name.
func Choose(r *Registry, name string, s Settings) (Engine, error) {
	command := &Command{}
	for _, e := range own(command) {
		r.Register(e)
	}
	e, err := r.Lookup(name)
	if err != nil {
		return nil, err
	}
	if e == Engine(command) {
		if err := command.configure(s.Command, s.Env); err != nil {
			return nil, err
		}
	}
	if s.Main == "" && s.Secondary == "" {
		return e, nil
	}
	m, ok := e.(Modeler)
	if !ok {
		return nil, fmt.Errorf("engine %q does not let its model be chosen", name)
	}
	return m.WithModels(s.Main, s.Secondary)
}

// names splits a comma-separated list and drops what is empty.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
