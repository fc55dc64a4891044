package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// aboutRun is what a run was made with.
func aboutRun(r Run) []figure {
	var list []figure
	add := func(name, value, note string) {
		if value != "" {
			list = append(list, figure{Text(name), Text(value), Text(note)})
		}
	}
	add("Run", r.Info.RunID, "")
	add("Started", string(moment(r.Info.Started)), "")
	add("Finished", string(moment(r.Finished)), "")
	if !r.Finished.IsZero() {
		add("Exit status", fmt.Sprint(r.Exit), "")
		add("Gate", r.Info.Gate, "")
	}
	add("Command", strings.Join(r.Info.Argv, " "), "")
	add("Provider", r.Info.Provider, "")
	add("Engine", r.Info.Engine, "")
	add("Gateway", r.Info.Gateway, "")
	add("Seed", fmt.Sprint(r.Info.Seed), "")
	if c := r.Info.Capacity; c.VCPU > 0 {
		add("Machine", c.Hostname, fmt.Sprintf("budget of %d vCPU, %d MiB RAM", c.VCPU, c.MemoryMiB))
	}
	add("benchtest", r.Info.Version, "")
	for _, name := range slices.Sorted(maps.Keys(r.Info.Versions)) {
		add(name, r.Info.Versions[name], "")
	}
	return list
}
