package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Wanted chooses facts by their Query.ID; nil wants all. Most of a snapshot is
// the inventory, of which rules ask for little.
type Wanted func(id string) bool

// A Decoder reads the snapshots of one attempt. What its checkpoints have in
// common, which is nearly all, is read once: that makes the re-scoring of
// thousands of attempts a matter of seconds. Facts that are alike share their
// Attrs, which nobody may change. The lines stay in use as long as it is.
type Decoder struct {
	Want Wanted
	seen map[string]*seenFact // by ID, as it is written
}

// A seenFact is a fact as it was seen last.
type seenFact struct {
	id     string
	wanted bool
	raw    []byte
	fact   facts.Fact // where it is wanted
}

// Decode reads the lines of facts/CHECKPOINT.jsonl: all of it where Want is
// nil, else without mounts and with the facts that are wanted; the others are
// not looked into. It is for bytes whose digest was verified: a line that is
// torn is an error here.
func (d *Decoder) Decode(lines []byte) ([]facts.Snapshot, error) {
	var all []facts.Snapshot
	for line := range bytes.Lines(lines) {
		s, err := d.snapshot(line)
		if err != nil {
			return all, fmt.Errorf("read snapshot, line %d: %w", len(all)+1, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// beforeFacts is what comes before the facts in a line, and nowhere in it
// before: in a string the quotation mark would have a backslash.
const beforeFacts = `,"facts":`

var errNoSnapshot = errors.New("it is no snapshot")

func (d *Decoder) snapshot(line []byte) (facts.Snapshot, error) {
	if d.Want == nil {
		var s facts.Snapshot
		return s, json.Unmarshal(line, &s)
	}
	s := facts.Snapshot{Facts: map[string]facts.Fact{}}
	head, rest, found := bytes.Cut(line, []byte(beforeFacts))
	rest, whole := bytes.CutSuffix(rest, []byte("}\n"))
	if !found || !whole {
		return s, errNoSnapshot
	}
	// Its capacity ends where it does, so that the line is not written to.
	header := struct {
		*facts.Snapshot
		Mounts json.RawMessage `json:"mounts"` // in front of the Snapshot's
	}{Snapshot: &s}
	if err := json.Unmarshal(append(slices.Clip(head), '}'), &header); err != nil {
		return s, err
	}
	return s, d.facts(s.Facts, rest)
}

// facts takes what is wanted out of an object of facts, as encoding/json wrote it.
func (d *Decoder) facts(to map[string]facts.Fact, object []byte) error {
	switch {
	case string(object) == "null":
		return nil // the host could not be asked
	case string(object) == "{}":
		return nil
	case len(object) < 2 || object[0] != '{':
		return errors.New("its facts are no object")
	}
	for rest := object; rest[0] != '}'; { // at the brace or comma before a key
		key := jsonString(rest[1:])
		if key == nil || len(rest) < len(key)+3 || rest[1+len(key)] != ':' {
			return errNoSnapshot
		}
		value := rest[len(key)+2:]
		f, err := d.fact(key, value)
		if err != nil {
			return err
		}
		if f.wanted {
			to[f.id] = f.fact
		}
		rest = value[len(f.raw):]
		if len(rest) == 0 || rest[0] != ',' && (rest[0] != '}' || len(rest) > 1) {
			return errNoSnapshot
		}
	}
	return nil
}

// fact reads the value that rest begins with.
func (d *Decoder) fact(key, rest []byte) (*seenFact, error) {
	f := d.seen[string(key)]
	// An object that was seen before ends where it did before.
	if f != nil && bytes.HasPrefix(rest, f.raw) {
		return f, nil
	}
	if f == nil {
		f = &seenFact{id: string(key[1 : len(key)-1])}
		if bytes.IndexByte(key, '\\') >= 0 {
			if err := json.Unmarshal(key, &f.id); err != nil {
				return nil, fmt.Errorf("name of a fact: %w", err)
			}
		}
		f.wanted = d.Want(f.id)
		if d.seen == nil {
			d.seen = map[string]*seenFact{}
		}
		d.seen[string(key)] = f
	}
	if f.raw = jsonObject(rest); f.raw == nil {
		return nil, fmt.Errorf("fact %s is no object", f.id)
	}
	f.fact = facts.Fact{}
	if !f.wanted {
		return f, nil
	}
	if err := json.Unmarshal(f.raw, &f.fact); err != nil {
		return nil, fmt.Errorf("fact %s: %w", f.id, err)
	}
	return f, nil
}
