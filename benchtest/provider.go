package benchtest

import (
	"fmt"
	"runtime"
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

// chooseProvider is the name of the provider that a run uses: the flag's; else
// the only tag's, since a tag stands on the command line too; else Config's;
// else local. Several tags without the flag are an error.
func chooseProvider(flag string, tags []string, config string) (string, error) {
	switch {
	case flag != "":
		return flag, nil
	case len(tags) == 1:
		return tags[0], nil
	case len(tags) > 1:
		return "", fmt.Errorf("this build has the tags %s: say which provider with -benchtest.provider", strings.Join(tags, ", "))
	}
	return or(config, "local"), nil
}

// linked refuses a provider that registry does not have, and says what would
// bring it. Nothing falls back to another one.
func linked(registry *providers.Registry, name string, tags []string) error {
	switch {
	case slices.Contains(registry.Names(), name):
		return nil
	case name == "local":
		return fmt.Errorf("provider %q needs Linux, and this is %s: choose another with -benchtest.provider", name, runtime.GOOS)
	case slices.Contains(tags, name):
		return fmt.Errorf("provider %q is not part of this version of benchtest, with or without its tag", name)
	}
	_, err := registry.New(name, providers.Options{})
	return err
}

// newRegistry registers what is linked and what Config brings.
func newRegistry(c Config) (*providers.Registry, error) {
	r := &providers.Registry{}
	registerLocal(r)
	registerHost(r)
	registerIncus(r)
	registerLima(r)
	for name, mk := range c.Providers {
		if slices.Contains(providers.Known, name) {
			return nil, fmt.Errorf("Config.Providers: %q is benchtest's own name: choose another", name)
		}
		r.Register(name, mk)
	}
	return r, nil
}
