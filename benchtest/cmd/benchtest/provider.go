package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/providers"
)

// registry links every provider there is: go tool takes no build tags.
func registry() *providers.Registry {
	r := &providers.Registry{}
	registerLocal(r)
	return r
}

// openProvider makes the provider called name for the state in home.
func openProvider(name, home string) (providers.Provider, error) {
	return registry().New(name, providers.Options{Home: home})
}

// home is BENCHTEST_HOME, absolute.
func (e *env) home() (string, error) {
	dir, _ := e.lookup("BENCHTEST_HOME")
	if dir == "" {
		state, _ := e.lookup("XDG_STATE_HOME")
		if state == "" {
			user, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("find BENCHTEST_HOME: %w: set BENCHTEST_HOME to a directory", err)
			}
			state = filepath.Join(user, ".local", "state")
		}
		dir = filepath.Join(state, "benchtest")
	}
	return filepath.Abs(dir)
}

// provider makes the provider that a command's --mode names.
func (e *env) provider(name string) (providers.Provider, error) {
	h, err := e.home()
	if err != nil {
		return nil, err
	}
	p, err := openProvider(name, h)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}
