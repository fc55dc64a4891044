package facts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	snapshot := func(c Checkpoint, complete []string, list ...Fact) Snapshot {
		return NewSnapshot("web1", c, 0, Answer{Facts: list, Complete: complete})
	}
	service := func(attrs map[string]any) Fact {
		return Fact{Query: Query{Noun: NounService, Subject: "nginx"}, Attrs: attrs}
	}
	process := func(args ...any) Fact {
		return Fact{Query: Query{Noun: NounProcess, Subject: "sh"}, Attrs: map[string]any{"args": args, "pid-stable": "1@2"}}
	}
	change := func(noun, subject, attr, before, after string) Change {
		return Change{Host: "web1", From: Healthy, To: Faulted, Noun: noun, Subject: subject, Attr: attr, Before: before, After: after}
	}
	all := []string{NounService, NounProcess}
	for name, c := range map[string]struct {
		from, to Snapshot
		want     []Change
	}{
		"nothing":             {snapshot(Healthy, all, service(map[string]any{"running": true})), snapshot(Faulted, all, service(map[string]any{"running": true})), nil},
		"an attribute":        {snapshot(Healthy, all, service(map[string]any{"running": true, "main-pid": 1.0})), snapshot(Faulted, all, service(map[string]any{"running": false, "main-pid": 2.0})), []Change{change("service", "nginx", "running", "true", "false")}},
		"a new attribute":     {snapshot(Healthy, all, service(map[string]any{})), snapshot(Faulted, all, service(map[string]any{"failed": true})), []Change{change("service", "nginx", "failed", "", "true")}},
		"went":                {snapshot(Healthy, all, process("nginx: master")), snapshot(Faulted, all), []Change{change("process", "sh", "", `{"args":["nginx: master"]}`, "")}},
		"came":                {snapshot(Healthy, all), snapshot(Faulted, all, process("miner")), []Change{change("process", "sh", "", "", `{"args":["miner"]}`)}},
		"not asked for":       {snapshot(Healthy, nil), snapshot(Faulted, nil, process("miner")), nil},
		"the probe's own":     {snapshot(Healthy, all), snapshot(Faulted, all, process("sh /run/benchtest/probe-X")), nil},
		"hides in the probe":  {snapshot(Healthy, all), snapshot(Faulted, all, process("sh /run/benchtest/probe-X", "miner")), []Change{change("process", "sh", "", "", `{"args":["sh /run/benchtest/probe-X","miner"]}`)}},
		"could not be asked":  {snapshot(Healthy, all, service(map[string]any{"running": true})), snapshot(Faulted, all, Fact{Query: Query{Noun: NounService, Subject: "nginx"}, Error: "bus is gone"}), []Change{change("service", "nginx", "", `{"running":true}`, "bus is gone")}},
		"host did not answer": {snapshot(Healthy, all, service(map[string]any{"running": true})), Snapshot{Host: "web1", Checkpoint: Faulted, Error: "no route"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Diff(c.from, c.to))
		})
	}
}

func TestDiffIsBounded(t *testing.T) {
	t.Parallel()
	file := func(c Checkpoint, text string) Snapshot {
		return NewSnapshot("web1", c, 0, Answer{Facts: []Fact{{Query: Query{Noun: NounFile, Subject: "/f"}, Attrs: map[string]any{"contents": text}}}})
	}
	changes := Diff(file(Healthy, ""), file(Faulted, strings.Repeat("é", 1<<20)))
	require.Len(t, changes, 1)
	require.Len(t, changes[0].After, maxChange+len("…")-1, "cut before a rune that does not fit")
	require.True(t, strings.HasSuffix(changes[0].After, "é…"))
}
