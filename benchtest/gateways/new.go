package gateways

import (
	"fmt"
	"slices"
	"strings"
)

// all are the gateways that there are.
func all() []Gateway { return []Gateway{Runner{}} }

// New finds the gateway called name; the error of an unknown one lists those
// that there are.
func New(name string) (Gateway, error) {
	gateways := all()
	names := make([]string, len(gateways))
	for i, g := range gateways {
		names[i] = g.Name()
	}
	if i := slices.Index(names, name); i >= 0 {
		return gateways[i], nil
	}
	return nil, fmt.Errorf("gateway %q is unknown: have %s", name, strings.Join(names, ", "))
}
