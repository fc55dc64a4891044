package ansible

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A TaskResult is one task on one host, or one item of its loop.
type TaskResult struct {
	Host   string `json:"host"`
	Task   string `json:"task"`   // its name
	Module string `json:"module"` // "ansible.builtin.service"
	// Args are the task's arguments after templating; without those of a task
	// that says no_log.
	Args        map[string]any `json:"args,omitempty"`
	Item        any            `json:"item,omitempty"`
	Changed     bool           `json:"changed,omitempty"`
	Failed      bool           `json:"failed,omitempty"`
	Unreachable bool           `json:"unreachable,omitempty"`
	Skipped     bool           `json:"skipped,omitempty"`
	Ignored     bool           `json:"ignored,omitempty"` // failed, and ignore_errors forgave it
	Msg         string         `json:"msg,omitempty"`
	ExitStatus  *int           `json:"rc,omitempty"` // of what a command module ran
	Started     time.Time      `json:"started,omitzero"`
	Ended       time.Time      `json:"ended,omitzero"`
}

// Argv is the task as a command: what a command module ran, or else the
// module's short name and its arguments as NAME=VALUE, sorted.
func (t TaskResult) Argv() []string {
	module := t.Module[strings.LastIndexByte(t.Module, '.')+1:]
	raw, _ := t.Args["_raw_params"].(string)
	switch module {
	case "command":
		if argv, ok := t.Args["argv"].([]any); ok {
			return texts(argv)
		}
		if cmd, ok := t.Args["cmd"].(string); ok {
			raw = cmd
		}
		if raw != "" {
			return strings.Fields(raw)
		}
	case "shell", "raw", "script":
		if cmd, ok := t.Args["cmd"].(string); ok {
			raw = cmd
		}
		if raw != "" {
			return []string{"sh", "-c", raw}
		}
	}
	argv := []string{module}
	for _, name := range slices.Sorted(maps.Keys(t.Args)) {
		argv = append(argv, name+"="+text(t.Args[name]))
	}
	return argv
}

func texts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = text(v)
	}
	return out
}

// text is a value as a person would write it in a playbook.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool, float64, json.Number, nil:
		return fmt.Sprint(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
