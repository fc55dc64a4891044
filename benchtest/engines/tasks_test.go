package engines_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestFillTasks(t *testing.T) {
	t.Parallel()
	command := func(host, arg string, e rules.Evidence) rules.Command {
		return rules.Command{Argv: []string{arg}, Host: host, Evidence: e}
	}
	seen := func(host, arg string) rules.Command { return command(host, arg, rules.Observed) }
	said := func(host, arg string) rules.Command { return command(host, arg, rules.SelfReported) }
	for _, tt := range []struct {
		name     string
		tasks    []rules.Task
		observed []rules.Command
		want     []rules.Task
	}{
		{"nothing", nil, nil, nil},
		{
			"one task a host, in the order of acting", nil,
			[]rules.Command{command("db1", "a", ""), seen("web1", "b"), seen("db1", "c")},
			[]rules.Task{{Host: "db1", Commands: []rules.Command{seen("db1", "a"), seen("db1", "c")}}, {Host: "web1", Commands: []rules.Command{seen("web1", "b")}}},
		},
		{
			"an engine cannot vouch for itself",
			[]rules.Task{{Host: "web1", Commands: []rules.Command{seen("web1", "claimed")}}},
			nil,
			[]rules.Task{{Host: "web1", Commands: []rules.Command{said("web1", "claimed")}}},
		},
		{
			"a task of its own gets what was seen on its host",
			[]rules.Task{{Host: "db1", Summary: "s"}, {Host: "web1", Commands: []rules.Command{said("", "x")}}},
			[]rules.Command{seen("web1", "a"), seen("web9", "b")},
			[]rules.Task{{Host: "db1", Summary: "s", Commands: []rules.Command{seen("web9", "b")}}, {Host: "web1", Commands: []rules.Command{said("", "x"), seen("web1", "a")}}},
		},
		{
			"what a transcript lists is no task",
			[]rules.Task{{Commands: []rules.Command{said("", "ssh web1 a")}}},
			[]rules.Command{seen("web1", "a"), seen("web2", "b")},
			[]rules.Task{{Host: "web1", Commands: []rules.Command{seen("web1", "a"), said("", "ssh web1 a")}}, {Host: "web2", Commands: []rules.Command{seen("web2", "b")}}},
		},
		{
			"and stays where nothing was seen",
			[]rules.Task{{Commands: []rules.Command{command("", "a", "")}}},
			nil,
			[]rules.Task{{Commands: []rules.Command{said("", "a")}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := rules.Job{Tasks: tt.tasks}
			engines.FillTasks(&j, tt.observed)
			assert.Equal(t, tt.want, j.Tasks)
		})
	}
}
