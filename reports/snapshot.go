package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Wanted chooses facts by their Query.ID; nil wants all. Most of a snapshot is
// the inventory, of which rules ask for little.
type Wanted func(id string) bool

// A Decoder reads snapshots, of one attempt after the other. What the last one
// had too, which is nearly all, is compared and not read again: that makes the
// re-scoring of thousands of attempts a matter of seconds. Facts that are alike
// share their Attrs, which nobody may change. It is used by one goroutine.
type Decoder struct {
	Want Wanted

	seen  map[string]*seenFact // by ID, as it is written
	first *seenFact            // of the last snapshot
	kept  int                  // bytes of all members
	most  int                  // facts of one snapshot that were wanted
}

// maxKept bounds what a Decoder remembers: some machines' facts. Names of facts
// may be new in every attempt.
const maxKept = 1 << 19

// seenFactSize is about what a fact takes beside its bytes.
const seenFactSize = 300

// A seenFact is a fact as it was seen last.
type seenFact struct {
	id     string
	wanted bool
	named  int    // bytes of its name in member, with the colon
	member []byte // of the object of facts, from its name to its end
	fact   facts.Fact
	long   longText  // of fact
	next   *seenFact // that came behind it then
}

// name is how the fact's member begins.
func (f *seenFact) name() []byte { return f.member[:f.named] }

// size is what the fact takes of what a Decoder may keep.
func (f *seenFact) size() int { return seenFactSize + len(f.member) + 2*len(f.long.written) }

// Decode reads the lines of facts/CHECKPOINT.jsonl: all of it where Want is
// nil, else without mounts and with the facts that are wanted; the others are
// not looked into. It is for bytes whose digest was verified: a line that is
// torn is an error here. The lines may be overwritten afterwards.
func (d *Decoder) Decode(lines []byte) ([]facts.Snapshot, error) {
	var all []facts.Snapshot
	for j := (jsonText{rest: lines}); len(j.rest) > 0; {
		if d.kept > maxKept {
			d.forget()
		}
		s, err := d.snapshot(&j)
		if err != nil {
			d.forget() // one of them may be half read
			return all, fmt.Errorf("read snapshot, line %d: %w", len(all)+1, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (d *Decoder) forget() { d.seen, d.first, d.kept, d.most = nil, nil, 0, 0 }

var errNoSnapshot = errors.New("it is no snapshot")

// wholeSnapshot reads a line as encoding/json does.
func wholeSnapshot(j *jsonText) (s facts.Snapshot, err error) {
	line, rest, _ := bytes.Cut(j.rest, []byte("\n"))
	j.rest = rest
	return s, json.Unmarshal(line, &s)
}

// snapshot reads a line.
func (d *Decoder) snapshot(j *jsonText) (facts.Snapshot, error) {
	if d.Want == nil {
		return wholeSnapshot(j)
	}
	s := facts.Snapshot{Facts: make(map[string]facts.Fact, d.most)}
	var err error
	looked := false
	j.object(func(key []byte) {
		switch string(key) {
		case "host":
			s.Host = j.string()
		case "checkpoint":
			s.Checkpoint = facts.Checkpoint(j.string())
		case "since_ns":
			s.Since = time.Duration(j.int())
		case "at":
			s.At = j.time()
		case "complete":
			s.Complete = j.strings()
		case "error":
			s.Error = j.string()
		case "facts":
			looked = true
			err = d.facts(s.Facts, j)
			d.most = max(d.most, len(s.Facts))
		default:
			j.raw() // mounts
		}
	})
	if err == nil && (!looked || j.bad || !bytes.HasPrefix(j.rest, []byte("\n"))) {
		return s, errNoSnapshot
	}
	if err == nil {
		j.rest = j.rest[1:]
	}
	return s, err
}

// facts takes what is wanted out of an object of facts.
func (d *Decoder) facts(to map[string]facts.Fact, j *jsonText) error {
	if j.null() {
		return nil // the host could not be asked
	}
	if !j.take('{') {
		return errors.New("its facts are no object")
	}
	at := &d.first // where the fact is that came here the last time
	for more := !j.take('}'); more; more = j.goesOn('}') {
		// A member that was seen before ends where it did before.
		if *at == nil || !bytes.HasPrefix(j.rest, (*at).member) {
			f, err := d.fact(j.rest, *at)
			if err != nil {
				return err
			}
			*at = f
		}
		f := *at
		if f.wanted {
			to[f.id] = f.fact
		}
		j.rest = j.rest[len(f.member):]
		at = &f.next
	}
	return nil
}

// fact reads the member that rest begins with, which is likely to have the name
// of the one that came here the last time, and other contents.
func (d *Decoder) fact(rest []byte, likely *seenFact) (*seenFact, error) {
	f := likely
	if f == nil || !bytes.HasPrefix(rest, f.name()) {
		var err error
		if f, err = d.named(rest); err != nil || len(f.member) > f.named && bytes.HasPrefix(rest, f.member) {
			return f, err
		}
	}
	value := jsonObject(rest[f.named:])
	if value == nil {
		return nil, fmt.Errorf("fact %s is no object", f.id)
	}
	d.kept -= f.size()
	defer func() { d.kept += f.size() }()
	f.member = append(f.member[:0], rest[:f.named+len(value)]...)
	if !f.wanted {
		return f, nil
	}
	var err error
	if f.fact, err = readFact(value, &f.long); err != nil {
		return nil, fmt.Errorf("fact %s: %w", f.id, err)
	}
	return f, nil
}

// named is the fact whose name rest begins with. One that was not seen before has
// no more than that.
func (d *Decoder) named(rest []byte) (*seenFact, error) {
	key := jsonString(rest)
	if key == nil || len(rest) == len(key) || rest[len(key)] != ':' {
		return nil, errNoSnapshot
	}
	if f := d.seen[string(key)]; f != nil {
		return f, nil
	}
	name := jsonText{rest: key}
	f := &seenFact{id: name.string(), named: len(key) + 1, member: slices.Clone(rest[:len(key)+1])}
	if !name.done() {
		return nil, errNoSnapshot
	}
	f.wanted = d.Want(f.id)
	if d.seen == nil {
		d.seen = map[string]*seenFact{}
	}
	d.seen[string(key)] = f
	d.kept += f.size()
	return f, nil
}
