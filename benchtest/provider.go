package benchtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
)

// tags lists the providers that build tags switched on, in the order of their names.
func tags() []string {
	var on []string
	for _, t := range []struct {
		name string
		on   bool
	}{{"host", tagHost}, {"incus", tagIncus}, {"lima", tagLima}} {
		if t.on {
			on = append(on, t.name)
		}
	}
	return on
}

// chooseProvider is the provider a run uses: the flag's; else the only
// tag's; else local. Several tags without the flag are an error.
func chooseProvider(flag string, tags []string) (string, error) {
	switch {
	case flag != "":
		return flag, nil
	case len(tags) == 1:
		return tags[0], nil
	case len(tags) > 1:
		return "", fmt.Errorf("this build has the providers %s: say which with -benchtest.provider", strings.Join(tags, ", "))
	}
	return "local", nil
}

// newRegistry registers what is linked and what Config brings.
func newRegistry(c Config) (*providers.Registry, error) {
	r := &providers.Registry{}
	registerLocal(r)
	for name, mk := range c.Providers {
		if slices.Contains(providers.Known, name) {
			return nil, fmt.Errorf("Config.Providers: %q is benchtest's own name: choose another", name)
		}
		r.Register(name, mk)
	}
	return r, nil
}
