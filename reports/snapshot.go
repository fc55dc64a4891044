package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Wanted chooses facts by their Query.ID; nil wants all. Most of a snapshot is
// the inventory, of which rules ask for little.
type Wanted func(id string) bool

// DecodeSnapshots reads the lines of facts/CHECKPOINT.jsonl: all of it where
// want is nil, else without mounts and with the facts that are wanted. The others are skipped without being decoded, which is what makes
// the re-scoring of thousands of attempts a matter of seconds. It is for bytes
// whose digest was verified: a line that is torn is an error here.
func DecodeSnapshots(lines []byte, want Wanted) ([]facts.Snapshot, error) {
	var all []facts.Snapshot
	for line := range bytes.Lines(lines) {
		s, err := decodeSnapshot(line, want)
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

func decodeSnapshot(line []byte, want Wanted) (facts.Snapshot, error) {
	if want == nil {
		var s facts.Snapshot
		return s, json.Unmarshal(line, &s)
	}
	s := facts.Snapshot{Facts: map[string]facts.Fact{}}
	head, rest, found := bytes.Cut(line, []byte(beforeFacts))
	if !found || !bytes.HasSuffix(line, []byte("}\n")) {
		return s, errors.New("it is no snapshot")
	}
	// Its capacity ends where it does, so that the line is not written to.
	header := struct {
		*facts.Snapshot
		Mounts json.RawMessage `json:"mounts"` // in front of the Snapshot's
	}{Snapshot: &s}
	if err := json.Unmarshal(append(slices.Clip(head), '}'), &header); err != nil {
		return s, err
	}
	return s, decodeFacts(s.Facts, gjson.ParseBytes(rest), want)
}

func decodeFacts(to map[string]facts.Fact, object gjson.Result, want Wanted) error {
	switch {
	case object.Type == gjson.Null:
		return nil // the host could not be asked
	case !object.IsObject():
		return errors.New("its facts are no object")
	}
	var err error
	object.ForEach(func(id, value gjson.Result) bool {
		if !want(id.String()) {
			return true
		}
		var f facts.Fact
		if err = json.Unmarshal([]byte(value.Raw), &f); err != nil {
			err = fmt.Errorf("fact %s: %w", id.String(), err)
			return false
		}
		to[id.String()] = f
		return true
	})
	return err
}
