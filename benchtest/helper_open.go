package benchtest

import "github.com/benchtest-dev/benchtest/providers"

// opener makes the providers that a helper works with: those of this build and
// the user's own.
func opener(c Config) func(name, home string) (providers.Provider, error) {
	return func(name, home string) (providers.Provider, error) {
		r, err := newRegistry(c)
		if err != nil {
			return nil, err
		}
		return r.New(name, providers.Options{Home: home})
	}
}
