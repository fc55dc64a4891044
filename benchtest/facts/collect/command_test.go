//go:build linux

package collect

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// commandEnv is a machine whose root is whoever runs the tests.
func commandEnv(t *testing.T) *Env {
	t.Helper()
	return testEnv(t, map[string]string{
		"etc/passwd": fmt.Sprintf("root:x:%d:%d::/nowhere:/bin/sh\nother:x:%d:1::/:/bin/sh\n", os.Getuid(), os.Getgid(), os.Getuid()+77),
	}, nil)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	e := commandEnv(t)
	tests := []struct {
		name, line, timeout string
		want                map[string]any
	}{
		{"exit status and output", "echo out; echo err >&2; exit 3", "", map[string]any{"exit-status": 3.0, "stdout": "out\n", "stderr": "err\n"}},
		{"a fixed environment", `echo "$HOME $USER $PWD"`, "", map[string]any{"exit-status": 0.0, "stdout": "/nowhere root /\n", "stderr": ""}},
		{"its limit kills the whole group", "sleep 60 & sleep 60", "100ms", map[string]any{"exit-status": -1.0, "stdout": "", "stderr": ""}},
		{"killed", "kill -9 $$", "", map[string]any{"exit-status": -1.0, "stdout": "", "stderr": ""}},
		{"what it leaves behind does not hold us", "sleep 9 & echo done", "", map[string]any{"exit-status": 0.0, "stdout": "done\n", "stderr": ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			fact := askOne(t, e, facts.Query{Noun: facts.NounCommand, Subject: tt.line, Params: map[string]any{"timeout": tt.timeout}})
			assert.Empty(t, fact.Error)
			assert.Equal(t, tt.want, fact.Attrs)
			assert.Equal(t, facts.GradeGuestRun, fact.Grade)
			assert.Less(t, time.Since(begin), 8*time.Second)
		})
	}
}

func TestCommandOutputIsBounded(t *testing.T) {
	t.Parallel()
	fact := Run(t.Context(), commandEnv(t), facts.Request{
		MaxBytes: 5,
		Queries:  []facts.Query{{Noun: facts.NounCommand, Subject: "head -c 1000000 /dev/zero | tr '\\0' y"}},
	}).Facts[0]
	assert.Equal(t, "yyyyy", fact.Attrs["stdout"])
	assert.InDelta(t, 0.0, fact.Attrs["exit-status"], 0)
	assert.True(t, fact.Truncated)
}

func TestCommandAsAUser(t *testing.T) {
	t.Parallel()
	e := commandEnv(t)
	assert.Contains(t, askOne(t, e, facts.Query{Noun: facts.NounCommand, Subject: "id", As: "nobody-here"}).Error, "no such user")
	fact := askOne(t, e, facts.Query{Noun: facts.NounCommand, Subject: "id -u", As: "other"})
	if os.Getuid() != 0 {
		assert.Contains(t, fact.Error, "must be started as root")
		return
	}
	assert.Equal(t, "77\n", fact.Attrs["stdout"])
}
