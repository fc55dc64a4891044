package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Wanted chooses facts by their Query.ID; nil wants all. Most of a snapshot is
// the inventory, of which rules ask for little.
type Wanted func(id string) bool

// DecodeSnapshots reads the lines of facts/CHECKPOINT.jsonl with the facts that
// are wanted. The others are skipped without being decoded, which is what makes
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

func decodeSnapshot(line []byte, want Wanted) (facts.Snapshot, error) {
	s := facts.Snapshot{Facts: map[string]facts.Fact{}}
	doc := gjson.ParseBytes(line)
	if !bytes.HasSuffix(line, []byte("}\n")) || !doc.IsObject() {
		return s, errors.New("it is no JSON object")
	}
	var err error
	doc.ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "host":
			s.Host = value.String()
		case "checkpoint":
			s.Checkpoint = facts.Checkpoint(value.String())
		case "since_ns":
			s.Since = time.Duration(value.Int())
		case "at":
			s.At, err = time.Parse(time.RFC3339Nano, value.String())
		case "facts":
			err = decodeFacts(s.Facts, value, want)
		case "complete":
			err = json.Unmarshal([]byte(value.Raw), &s.Complete)
		case "mounts":
			err = json.Unmarshal([]byte(value.Raw), &s.Mounts)
		case "error":
			s.Error = value.String()
		}
		return err == nil
	})
	return s, err
}

func decodeFacts(to map[string]facts.Fact, object gjson.Result, want Wanted) error {
	var err error
	object.ForEach(func(id, value gjson.Result) bool {
		if want != nil && !want(id.String()) {
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
