package main

import (
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
)

// An ability is what one provider can and another cannot.
type ability struct {
	verb string
	can  []string // the providers that can
}

var (
	canStart    = ability{"stop and start a machine", []string{"local", "incus", "lima"}}
	canReset    = ability{"make a machine anew", []string{"local", "incus", "lima"}}
	canResize   = ability{"change a machine's limits", []string{"local", "incus", "lima"}}
	canSave     = ability{"save a machine as a template", []string{"local", "incus", "lima"}}
	canCopy     = ability{"copy a machine", []string{"incus", "lima"}}
	canSnapshot = ability{"keep snapshots", []string{"incus", "lima"}}
	canMount    = ability{"show directories of this machine in a guest", []string{"local", "lima"}}
	canRemount  = ability{"change the mounts of a machine that is there", []string{"local", "lima"}}
)

// lacks is the error of a provider without the ability: it names those with it.
func (a ability) lacks(r sandboxes.Record) error {
	return usagef("provider %s cannot %s: %s can", r.Provider, a.verb, strings.Join(a.can, ", "))
}
