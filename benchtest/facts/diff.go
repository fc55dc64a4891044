package facts

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Change is one attribute that two snapshots of a host see differently.
type Change struct {
	Host    string     `json:"host"`
	From    Checkpoint `json:"from"`
	To      Checkpoint `json:"to"`
	Noun    string     `json:"noun"`
	Subject string     `json:"subject"`
	As      string     `json:"as,omitempty"`
	Attr    string     `json:"attr,omitempty"` // empty: the whole subject came, went, or could not be asked
	// Before and After are JSON, cut to maxChange bytes; empty means that
	// nothing was seen. A text that could not be had stands there as its error.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

const maxChange = 2 << 10

// restless are attributes that differ between any two moments, on a machine
// that nobody touched as well.
var restless = map[string]bool{"latency": true, "usage": true, "inodes": true, "main-pid": true, "pid-stable": true}

// Diff lists what changed between two snapshots of one host, sorted by noun,
// subject and attribute. What always differs, such as use of a disk and the
// probe's own processes, is left out: it is for people to read.
func Diff(from, to Snapshot) []Change {
	if from.Error != "" || to.Error != "" {
		return nil // nothing is known of one side
	}
	var changes []Change
	add := func(f Fact, attr, before, after string) {
		changes = append(changes, Change{
			Host: to.Host, From: from.Checkpoint, To: to.Checkpoint, Noun: f.Query.Noun, Subject: f.Query.Subject, As: f.Query.As,
			Attr: attr, Before: before, After: after,
		})
	}
	for id, a := range from.Facts {
		b, there := to.Facts[id]
		switch {
		case ownProcess(a) || there && ownProcess(b):
		case !there && !slices.Contains(to.Complete, a.Query.Noun):
		case !there:
			add(a, "", whole(a), "")
		default:
			diffFact(a, b, func(attr, before, after string) { add(b, attr, before, after) })
		}
	}
	for id, b := range to.Facts {
		if _, there := from.Facts[id]; !there && slices.Contains(from.Complete, b.Query.Noun) && !ownProcess(b) {
			add(b, "", "", whole(b))
		}
	}
	slices.SortFunc(changes, func(x, y Change) int {
		return cmp.Or(cmp.Compare(x.Noun, y.Noun), cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.As, y.As), cmp.Compare(x.Attr, y.Attr))
	})
	return changes
}

// diffFact compares two answers to one question.
func diffFact(a, b Fact, add func(attr, before, after string)) {
	if a.Error != "" || b.Error != "" {
		if a.Error != b.Error {
			add("", whole(a), whole(b))
		}
		return
	}
	for name, before := range a.Attrs {
		if after := b.Attrs[name]; !restless[name] && !reflect.DeepEqual(before, after) {
			add(name, text(before), text(after))
		}
	}
	for name, after := range b.Attrs {
		if _, there := a.Attrs[name]; !there && !restless[name] {
			add(name, "", text(after))
		}
	}
}

// ownProcess reports whether f is about processes of ours alone: the probe and
// the shell that starts it.
func ownProcess(f Fact) bool {
	args, ok := f.Attrs["args"].([]any)
	if f.Query.Noun != NounProcess || !ok || len(args) == 0 {
		return false
	}
	return !slices.ContainsFunc(args, func(a any) bool {
		s, _ := a.(string)
		return !strings.Contains(s, "/benchtest/probe-")
	})
}

// whole is all that f says.
func whole(f Fact) string {
	if f.Error != "" {
		return clip(f.Error)
	}
	attrs := maps.Clone(f.Attrs)
	maps.DeleteFunc(attrs, func(name string, _ any) bool { return restless[name] })
	return text(attrs)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return clip(string(b))
}

// clip cuts s at maxChange bytes, at a rune's edge, and marks it.
func clip(s string) string {
	if len(s) <= maxChange {
		return s
	}
	cut := maxChange
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
